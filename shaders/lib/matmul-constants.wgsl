// The constants of a matrix product; see src/ops/matmul-kernel.ts and matmul-attributes.ts.
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
}

@group(0) @binding(6) var<uniform> constants: Constants;
