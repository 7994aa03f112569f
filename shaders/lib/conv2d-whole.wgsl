// A convolution, or its input gradient, whose sums are not cut: one part has all steps. See conv2d-parts.wgsl.
fn part_count() -> u32 {
  return 1u;
}
fn part_begin(part: u32) -> u32 {
  return 0u;
}
fn part_end(part: u32, steps: u32) -> u32 {
  return steps;
}
