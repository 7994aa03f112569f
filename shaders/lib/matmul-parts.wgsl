// A product whose sum is cut into parts, each a product of its own, for matmul-register.wgsl and matmul-workgroup.wgsl;
// see src/ops/product/product-parts.ts. Their results [batch, parts, m, n] go to the workspace.
//
// These are the constants of matmul-constants.wgsl, by the names that the parts have for them. The steps of a part are
// a multiple of those of a tile, so only the last part may end within one. Comes after parts-workspace.wgsl.
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
  parts: u32,
  k: u32,
  batch: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

fn factor_of(product: u32) -> u32 {
  return product / constants.parts;
}
fn first_step(product: u32) -> u32 {
  return product % constants.parts * constants.k;
}
fn factor_steps() -> u32 {
  return constants.whole_k;
}
