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
fn epilogue_bits() -> u32 {
  return constants.epilogue;
}
