// The result whose splits matmul-split.wgsl adds: that of a convolution, all groups beside each other. Comes after
// conv2d-constants.wgsl.
fn result_products() -> u32 {
  return 1u;
}
fn result_rows() -> u32 {
  return constants.geometry.batch * constants.geometry.out_height * constants.geometry.out_width;
}
fn result_columns() -> u32 {
  return constants.geometry.filters;
}
fn result_row(product: u32, row: u32) -> u32 {
  return row * result_columns();
}
fn epilogue_bits() -> u32 {
  return constants.epilogue;
}
