// Where the matrices of a matrix product lie. Comes with matmul-constants.wgsl or matmul-splits.wgsl.
struct Product {
  a: u32,
  b: u32,
  out: u32,
  // Elements from one row of the result to the next.
  out_row: u32,
  // The first of the steps.
  first_step: u32,
}

// The first element of the matrix of product `index`; see matmul-attributes.ts.
fn matrix_start(index: u32, batch_stride: u32, head_stride: u32) -> u32 {
  return index / constants.heads * batch_stride + index % constants.heads * head_stride;
}
