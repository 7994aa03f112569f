// The constants of a convolution's input gradient, and how its sums run; the formula stands in
// src/ops/conv2d/conv2d-gradient-attributes.ts.
//
// Row h of dx gets something from tap r only where h + pad_top - r dilation_height is a multiple of
// stride_height. So the rows split into stride_height phases, h % stride_height: all rows of a phase meet the same
// taps, every tap_step-th one, and no others need to be visited. Columns likewise. The places of one phase of
// rows and one of columns make a product: M = batch * rows * columns, N = channels of a group, K = taps of the
// phase * filters of a group, with the first factor read from dy and the second from the weights.
struct Constants {
  // Behind it are words of Winograd's variants (winograd-constants.wgsl).
  @size(128) geometry: Geometry,
  group_channels: u32,
  group_filters: u32,
  // Rows of the largest phase's product.
  phase_places: u32,
  // Of the split variants: splits of the sums, steps of a split in every tap.
  splits: u32,
  split_steps: u32,
}

@group(0) @binding(3) var<uniform> constants: Constants;

// One axis of a phase. Its places are first, first + stride, ...; its taps tap, tap + tap_step, ...
// Place i is reached by tap number j from output i + reached - j * back.
struct Axis {
  first: u32,
  places: u32,
  tap: u32,
  tap_step: u32,
  taps: u32,
  reached: i32,
  back: i32,
}

fn common_divisor(a: u32, b: u32) -> u32 {
  var x = a;
  var y = b;
  while (y != 0u) {
    let rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}

fn axis_of(first: u32, size: u32, pad: u32, stride: u32, dilation: u32, kernel: u32) -> Axis {
  let divisor = common_divisor(stride, dilation);
  let tap_step = stride / divisor;
  var tap = 0u;
  while (tap < tap_step && (i32(first + pad) - i32(tap * dilation)) % i32(stride) != 0) {
    tap++;
  }
  let reaches = tap < tap_step && tap < kernel;
  return Axis(
    first,
    (size + stride - 1u - min(first, size + stride - 1u)) / stride,
    tap,
    tap_step,
    select(0u, (kernel - tap + tap_step - 1u) / tap_step, reaches),
    (i32(first + pad) - i32(tap * dilation)) / i32(stride),
    i32(dilation / divisor),
  );
}

struct Phase {
  rows: Axis,
  columns: Axis,
}

// Phase number p, less than stride_height * stride_width.
fn phase_of(p: u32) -> Phase {
  return Phase(row_axis(p / constants.geometry.stride_width), column_axis(p % constants.geometry.stride_width));
}

fn row_axis(first: u32) -> Axis {
  let g = constants.geometry;
  return axis_of(first, g.height, g.pad_top, g.stride_height, g.dilation_height, g.kernel_height);
}

fn column_axis(first: u32) -> Axis {
  let g = constants.geometry;
  return axis_of(first, g.width, g.pad_left, g.stride_width, g.dilation_width, g.kernel_width);
}

// A place of a phase: image, and row and column counted within the phase.
struct Place {
  image: u32,
  row: u32,
  column: u32,
}

fn place_of(phase: Phase, m: u32) -> Place {
  let line = m / max(phase.columns.places, 1u);
  return Place(line / max(phase.rows.places, 1u), line % max(phase.rows.places, 1u), m % max(phase.columns.places, 1u));
}

fn next_place(phase: Phase, place: Place) -> Place {
  let ends_row = place.column + 1u == phase.columns.places;
  let ends_image = ends_row && place.row + 1u == phase.rows.places;
  return Place(
    place.image + select(0u, 1u, ends_image),
    select(place.row + select(0u, 1u, ends_row), 0u, ends_image),
    select(place.column + 1u, 0u, ends_row),
  );
}

// The place's first channel in dx.
fn dx_index(phase: Phase, place: Place) -> u32 {
  let g = constants.geometry;
  let row = phase.rows.first + place.row * g.stride_height;
  let column = phase.columns.first + place.column * g.stride_width;
  return ((place.image * g.height + row) * g.width + column) * g.channels;
}

// The first filter, at output row 0 and column 0 of its image, of what a place sums up in dy.
struct Source {
  image: i32,
  row: i32,
  column: i32,
  exists: bool,
}

fn source_of(phase: Phase, place: Place, group: u32) -> Source {
  let g = constants.geometry;
  return Source(
    i32(place.image * g.out_height * g.out_width * g.filters + group * constants.group_filters),
    i32(place.row) + phase.rows.reached,
    i32(place.column) + phase.columns.reached,
    place.image < g.batch,
  );
}

// What tap number u of a phase reads for a place: all filters of the group from dy[index] on, or nothing.
struct Run {
  index: i32,
  inside: bool,
}

fn run_of(phase: Phase, source: Source, u: u32) -> Run {
  let taps = max(phase.columns.taps, 1u);
  let p = source.row - i32(u / taps) * phase.rows.back;
  let q = source.column - i32(u % taps) * phase.columns.back;
  let g = constants.geometry;
  let inside = source.exists && p >= 0 && p < i32(g.out_height) && q >= 0 && q < i32(g.out_width);
  return Run(source.image + (p * i32(g.out_width) + q) * i32(g.filters), inside);
}

// The place of tap number u of a phase among all taps.
fn tap_of(phase: Phase, u: u32) -> u32 {
  let taps = max(phase.columns.taps, 1u);
  let r = phase.rows.tap + u / taps * phase.rows.tap_step;
  let s = phase.columns.tap + u % taps * phase.columns.tap_step;
  return r * constants.geometry.kernel_width + s;
}
