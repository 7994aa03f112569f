// Reads the factors of a product element by element: either may be transposed, and no size is a multiple of
// anything. Comes after a-scalar.wgsl and b-scalar.wgsl. The same functions as matmul-contiguous.wgsl.

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: u32, row: u32, step: u32) -> vec4<f32> {
  let transposed = constants.transpose_a != 0u;
  let stride = select(1u, constants.m, transposed);
  let k = factor_steps();
  let t = first_step(product) + step;
  let offset = select(row * k + t, t * constants.m + row, transposed);
  let index = factor_of(product) * constants.batch_stride_a + offset;
  let inside = row < constants.m;
  return vec4<f32>(
    a_element(i32(index), inside && t < k),
    a_element(i32(index + stride), inside && t + 1u < k),
    a_element(i32(index + 2u * stride), inside && t + 2u < k),
    a_element(i32(index + 3u * stride), inside && t + 3u < k),
  );
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: u32, step: u32, column: u32) -> vec4<f32> {
  let transposed = constants.transpose_b != 0u;
  let k = factor_steps();
  let t = first_step(product) + step;
  let stride = select(1u, k, transposed);
  let offset = select(t * constants.n + column, column * k + t, transposed);
  let index = factor_of(product) * constants.batch_stride_b + offset;
  let inside = t < k;
  return vec4<f32>(
    b_element(index, inside && column < constants.n),
    b_element(index + stride, inside && column + 1u < constants.n),
    b_element(index + 2u * stride, inside && column + 2u < constants.n),
    b_element(index + 3u * stride, inside && column + 3u < constants.n),
  );
}
