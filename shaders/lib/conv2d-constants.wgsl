// The constants of a convolution, and how its sums run; see src/ops/conv2d-kernel.ts and conv2d-attributes.ts.
//
// A convolution is a product: M = batch * out_height * out_width rows (places of the output), N = filters of a
// group, K = kernel_height * kernel_width * channels of a group. Its first factor is never written down: of row m
// and kernel row r, the elements are read where they lie in the image, in runs of neighbours. Without groups and
// horizontal dilation a run is a whole kernel row (kernel_width * channels elements), else one tap.
struct Constants {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  filters: u32,
  out_height: u32,
  out_width: u32,
  stride_height: u32,
  stride_width: u32,
  pad_top: u32,
  pad_left: u32,
  dilation_height: u32,
  dilation_width: u32,
  groups: u32,
  group_channels: u32,
  group_filters: u32,
  runs: u32,
  runs_per_kernel_row: u32,
  run_length: u32,
  epilogue: u32,
  // Of Winograd's variants: 4 x 4 places each, the number of positions of their products, tiles of an image.
  tiles: u32,
  positions: u32,
  tiles_down: u32,
  tiles_across: u32,
  // Of the split variants: parts of the sums, steps of a part in every run.
  parts: u32,
  part_steps: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

// A place of the output: the image's first element, and the corner of its window, which may lie outside.
struct Window {
  image: i32,
  top: i32,
  left: i32,
  exists: bool,
}

fn window_of(m: u32, group: u32) -> Window {
  let column = m % constants.out_width;
  let row = m / constants.out_width % constants.out_height;
  let image = m / constants.out_width / constants.out_height;
  return Window(
    i32(image * constants.height * constants.width * constants.channels + group * constants.group_channels),
    i32(row * constants.stride_height) - i32(constants.pad_top),
    i32(column * constants.stride_width) - i32(constants.pad_left),
    image < constants.batch,
  );
}

// A run of a window: element t lies at index + t and counts where first <= t < last.
struct Run {
  index: i32,
  first: i32,
  last: i32,
}

fn run_of(window: Window, run: u32) -> Run {
  let y = window.top + i32(run / constants.runs_per_kernel_row * constants.dilation_height);
  let x = window.left + i32(run % constants.runs_per_kernel_row * constants.dilation_width);
  let height = i32(constants.height);
  let width = i32(constants.width);
  let channels = i32(constants.channels);
  let inside = window.exists && y >= 0 && y < height;
  let last = min((width - x) * channels, i32(constants.run_length));
  return Run(window.image + (y * width + x) * channels, max(-x, 0) * channels, select(0, last, inside));
}
