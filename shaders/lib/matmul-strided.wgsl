// Reads the factors of a product element by element: either may be transposed, and no size is a multiple of
// anything. Comes after a-scalar.wgsl and b-scalar.wgsl. The same functions as matmul-contiguous.wgsl.

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: u32, row: u32, step: u32) -> vec4<f32> {
  let transposed = constants.transpose_a != 0u;
  let stride = select(1u, constants.m, transposed);
  let offset = select(row * constants.k + step, step * constants.m + row, transposed);
  let index = product * constants.batch_stride_a + offset;
  let inside = row < constants.m;
  return vec4<f32>(
    a_element(i32(index), inside && step < constants.k),
    a_element(i32(index + stride), inside && step + 1u < constants.k),
    a_element(i32(index + 2u * stride), inside && step + 2u < constants.k),
    a_element(i32(index + 3u * stride), inside && step + 3u < constants.k),
  );
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: u32, step: u32, column: u32) -> vec4<f32> {
  let transposed = constants.transpose_b != 0u;
  let stride = select(1u, constants.k, transposed);
  let offset = select(step * constants.n + column, column * constants.k + step, transposed);
  let index = product * constants.batch_stride_b + offset;
  let inside = step < constants.k;
  return vec4<f32>(
    b_element(index, inside && column < constants.n),
    b_element(index + stride, inside && column + 1u < constants.n),
    b_element(index + 2u * stride, inside && column + 2u < constants.n),
    b_element(index + 3u * stride, inside && column + 3u < constants.n),
  );
}
