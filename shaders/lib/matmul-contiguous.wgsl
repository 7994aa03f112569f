// Reads the factors of a product that are not transposed. With a-vec4.wgsl k is a multiple of 4, with b-vec4.wgsl
// n is, and strides are. The same functions as matmul-strided.wgsl.

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: Product, row: u32, step: u32) -> vec4<f32> {
  let k = factor_steps();
  let t = product.first_step + step;
  let index = product.a + row * constants.row_stride_a + t;
  return a_vector(i32(index), 0, select(0, i32(k) - i32(t), row < constants.m));
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: Product, step: u32, column: u32) -> vec4<f32> {
  let t = product.first_step + step;
  let columns = select(0u, constants.n - min(column, constants.n), t < factor_steps());
  return b_vector(product.b + t * constants.row_stride_b + column, columns);
}
