// Reads the factors of a product element by element: either may be transposed, and no size is a multiple of
// anything. Comes after a-scalar.wgsl and b-scalar.wgsl. The same functions as matmul-contiguous.wgsl.

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: Product, row: u32, step: u32) -> vec4<f32> {
  let transposed = constants.transpose_a != 0u;
  let stride = select(1u, constants.row_stride_a, transposed);
  let k = factor_steps();
  let t = product.first_step + step;
  let offset = select(row * constants.row_stride_a + t, t * constants.row_stride_a + row, transposed);
  let index = product.a + offset;
  let inside = row < constants.m;
  return vec4<f32>(
    a_element(i32(index), inside && t < k),
    a_element(i32(index + stride), inside && t + 1u < k),
    a_element(i32(index + 2u * stride), inside && t + 2u < k),
    a_element(i32(index + 3u * stride), inside && t + 3u < k),
  );
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: Product, step: u32, column: u32) -> vec4<f32> {
  let transposed = constants.transpose_b != 0u;
  let k = factor_steps();
  let t = product.first_step + step;
  let stride = select(1u, constants.row_stride_b, transposed);
  let offset = select(t * constants.row_stride_b + column, column * constants.row_stride_b + t, transposed);
  let index = product.b + offset;
  let inside = t < k;
  return vec4<f32>(
    b_element(index, inside && column < constants.n),
    b_element(index + stride, inside && column + 1u < constants.n),
    b_element(index + 2u * stride, inside && column + 2u < constants.n),
    b_element(index + 3u * stride, inside && column + 3u < constants.n),
  );
}
