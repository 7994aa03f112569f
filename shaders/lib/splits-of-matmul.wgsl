// The result whose splits matmul-split.wgsl adds: that of a matrix product. Comes after matmul-constants.wgsl.
fn result_products() -> u32 {
  return constants.batch;
}
fn result_rows() -> u32 {
  return constants.m;
}
fn result_columns() -> u32 {
  return constants.n;
}
fn result_row(product: u32, row: u32) -> u32 {
  return result_start(product) + row * constants.row_stride_out;
}
fn epilogue_bits() -> u32 {
  return constants.epilogue;
}
