// The constants of a matrix product; see src/ops/product/matmul-kernel.ts and matmul-attributes.ts.
struct Constants {
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  batch_stride_a: u32,
  batch_stride_b: u32,
  transpose_a: u32,
  transpose_b: u32,
  epilogue: u32,
  // Of the split variants: splits of the sum, steps of a split.
  splits: u32,
  split_steps: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

// Which of the products a workgroup's is, its first step, and the steps of its factors: see matmul-splits.wgsl.
fn factor_of(product: u32) -> u32 {
  return product;
}
fn first_step(product: u32) -> u32 {
  return 0u;
}
fn factor_steps() -> u32 {
  return constants.k;
}
