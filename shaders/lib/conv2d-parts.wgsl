// A convolution, or its input gradient, whose sums are cut into parts: of the steps of every run, or of every tap, a part
// has those from part_begin to part_end. Both are multiples of a tile's steps, but for the end of all. See
// src/ops/product/product-parts.ts; comes after the constants, and parts-workspace.wgsl.
fn part_count() -> u32 {
  return constants.parts;
}
fn part_begin(part: u32) -> u32 {
  return part * constants.part_steps;
}
fn part_end(part: u32, steps: u32) -> u32 {
  return min((part + 1u) * constants.part_steps, steps);
}
