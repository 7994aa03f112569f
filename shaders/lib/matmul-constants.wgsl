// The constants of a matrix product; see src/ops/product/matmul-kernel.ts and matmul-attributes.ts.
struct Constants {
  batch: u32,
  heads: u32,
  m: u32,
  n: u32,
  k: u32,
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
  // Of the split variants: splits of the sum, steps of a split.
  splits: u32,
  split_steps: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

fn result_start(index: u32) -> u32 {
  return matrix_start(index, constants.batch_stride_out, constants.head_stride_out);
}

// Which matrices are those of a workgroup, its first step, and the steps of the factors: see matmul-splits.wgsl.
fn product_at(index: u32) -> Product {
  return Product(
    matrix_start(index, constants.batch_stride_a, constants.head_stride_a),
    matrix_start(index, constants.batch_stride_b, constants.head_stride_b),
    result_start(index),
    constants.row_stride_out,
    0u,
  );
}
fn factor_steps() -> u32 {
  return constants.k;
}
