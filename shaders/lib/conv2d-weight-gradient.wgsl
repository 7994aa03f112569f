// The constants of a convolution's weight gradient, and how its sums run; the formula stands in
// src/ops/conv2d/conv2d-gradient-attributes.ts.
//
// Each split of a group is a product: M = kernel_height * kernel_width * channels of a group (rows, as the weights
// lie), N = filters of a group, K = the output positions of the split. Its first factor is read from the image,
// four neighbouring rows at one position at a time: weight-rows-vec4.wgsl or weight-rows-scalar.wgsl.
struct Constants {
  geometry: Geometry,
  group_channels: u32,
  group_filters: u32,
  group_weights: u32,
  splits: u32,
  positions_per_split: u32,
}

@group(0) @binding(3) var<uniform> constants: Constants;

// An output position; walking on from one needs no division.
struct Position {
  image: u32,
  row: u32,
  column: u32,
}

fn position_of(index: u32) -> Position {
  let line = index / constants.geometry.out_width;
  let rows = constants.geometry.out_height;
  return Position(line / rows, line % rows, index % constants.geometry.out_width);
}

// The position `step` further, where step is position_of(the distance).
fn advance(position: Position, step: Position) -> Position {
  let column = position.column + step.column;
  let ends_row = column >= constants.geometry.out_width;
  let row = position.row + step.row + select(0u, 1u, ends_row);
  let ends_image = row >= constants.geometry.out_height;
  return Position(
    position.image + step.image + select(0u, 1u, ends_image),
    row - select(0u, constants.geometry.out_height, ends_image),
    column - select(0u, constants.geometry.out_width, ends_row),
  );
}

// The positions of a split: begin <= index < end.
fn split_begin(split: u32) -> u32 {
  return split * constants.positions_per_split;
}
fn split_end(split: u32) -> u32 {
  let g = constants.geometry;
  let positions = g.batch * g.out_height * g.out_width;
  return min((split + 1u) * constants.positions_per_split, positions);
}
