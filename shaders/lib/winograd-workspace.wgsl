// What the passes of Winograd's F(4x4, 3x3) hand on: the weights, the image and the products in the transformed domain,
// 36 positions each, one after the other, f32. See src/ops/conv2d/conv2d-winograd-variants.ts.
//
//     weights  [36, channels, filters]     image  [36, tiles, channels]     products  [36, tiles, filters]
//
// A tile is 4 x 4 places of the output; channels and filters are multiples of 4. Comes after
// winograd-constants.wgsl. WORKSPACE is the place of the workspace's binding.
@group(0) @binding(WORKSPACE) var<storage, read_write> workspace: array<vec4<f32>>;

const POSITIONS = 36u;
const TILE_SIDE = 4u;

// Where a vector of one of the three lies; `position` counts row by row.
fn weights_index(position: u32, channel: u32, filter_index: u32) -> u32 {
  return ((position * constants.channels + channel) * constants.filters + filter_index) / 4u;
}
fn image_index(position: u32, tile: u32, channel: u32) -> u32 {
  let start = POSITIONS * constants.channels * constants.filters;
  return (start + (position * constants.tiles + tile) * constants.channels + channel) / 4u;
}
fn products_index(position: u32, tile: u32, filter_index: u32) -> u32 {
  let start = POSITIONS * constants.channels * (constants.filters + constants.tiles);
  return (start + (position * constants.tiles + tile) * constants.filters + filter_index) / 4u;
}
