// A convolution, or its input gradient, whose sums are not split: one split has all steps. See conv2d-splits.wgsl.
fn split_count() -> u32 {
  return 1u;
}
fn split_begin(split: u32) -> u32 {
  return 0u;
}
fn split_end(split: u32, steps: u32) -> u32 {
  return steps;
}
