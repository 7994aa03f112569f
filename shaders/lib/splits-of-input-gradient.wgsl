// The result whose splits matmul-split.wgsl adds: a convolution's input gradient, all groups beside each other. Comes after
// conv2d-input-gradient.wgsl.
fn result_products() -> u32 {
  return 1u;
}
fn result_rows() -> u32 {
  return constants.geometry.batch * constants.geometry.height * constants.geometry.width;
}
fn result_columns() -> u32 {
  return constants.geometry.channels;
}
fn result_row(product: u32, row: u32) -> u32 {
  return row * result_columns();
}
fn epilogue_bits() -> u32 {
  return 0u;
}
