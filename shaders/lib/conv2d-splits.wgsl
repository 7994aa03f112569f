// A convolution, or its input gradient, whose sums are split: of the steps of every run, or of every tap, a split
// has those from split_begin to split_end. Both are multiples of a tile's steps, but for the end of all. See
// src/ops/product/product-splits.ts; comes after the constants, and splits-workspace.wgsl.
fn split_count() -> u32 {
  return constants.splits;
}
fn split_begin(split: u32) -> u32 {
  return split * constants.split_steps;
}
fn split_end(split: u32, steps: u32) -> u32 {
  return min((split + 1u) * constants.split_steps, steps);
}
