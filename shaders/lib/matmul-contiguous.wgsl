// Reads the factors of a product that are not transposed. With a-vec4.wgsl k is a multiple of 4, with b-vec4.wgsl
// n is. The same functions as matmul-strided.wgsl.

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: u32, row: u32, step: u32) -> vec4<f32> {
  let k = factor_steps();
  let t = first_step(product) + step;
  let index = factor_of(product) * constants.batch_stride_a + row * k + t;
  return a_vector(i32(index), 0, select(0, i32(k) - i32(t), row < constants.m));
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: u32, step: u32, column: u32) -> vec4<f32> {
  let t = first_step(product) + step;
  let columns = select(0u, constants.n - min(column, constants.n), t < factor_steps());
  return b_vector(factor_of(product) * constants.batch_stride_b + t * constants.n + column, columns);
}
