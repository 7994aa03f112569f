// A product whose sum is split, each split a product of its own, for matmul-register.wgsl and matmul-workgroup.wgsl;
// see src/ops/product/product-splits.ts. Their results [batch, splits, m, n] go to the workspace.
//
// These are the constants of matmul-constants.wgsl, by the names that the splits have for them. The steps of a split are
// a multiple of those of a tile, so only the last split may end within one. Comes after splits-workspace.wgsl.
struct Constants {
  factors: u32,
  m: u32,
  n: u32,
  whole_k: u32,
  batch_stride_a: u32,
  batch_stride_b: u32,
  transpose_a: u32,
  transpose_b: u32,
  epilogue: u32,
  splits: u32,
  k: u32,
  batch: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

fn factor_of(product: u32) -> u32 {
  return product / constants.splits;
}
fn first_step(product: u32) -> u32 {
  return product % constants.splits * constants.k;
}
fn factor_steps() -> u32 {
  return constants.whole_k;
}
