// A product whose sum is split, each split a product of its own, for matmul-register.wgsl and matmul-workgroup.wgsl;
// see src/ops/product/product-splits.ts. Their results [batch, splits, m, n] go to the workspace.
//
// These are the constants of matmul-constants.wgsl, by the names that the splits have for them. The steps of a split are
// a multiple of those of a tile, so only the last split may end within one. Comes after splits-workspace.wgsl.
struct Constants {
  factors: u32,
  heads: u32,
  m: u32,
  n: u32,
  whole_k: u32,
  row_stride_a: u32,
  batch_stride_a: u32,
  head_stride_a: u32,
  row_stride_b: u32,
  batch_stride_b: u32,
  head_stride_b: u32,
  row_stride_out: u32,
  batch_stride_out: u32,
  head_stride_out: u32,
  transpose_a: u32,
  transpose_b: u32,
  epilogue: u32,
  splits: u32,
  k: u32,
  batch: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

fn product_at(index: u32) -> Product {
  let factor = index / constants.splits;
  return Product(
    matrix_start(factor, constants.batch_stride_a, constants.head_stride_a),
    matrix_start(factor, constants.batch_stride_b, constants.head_stride_b),
    index * constants.m * constants.n,
    constants.n,
    index % constants.splits * constants.k,
  );
}
fn factor_steps() -> u32 {
  return constants.whole_k;
}
