// The constants of a convolution, and how its sums run; see src/ops/conv2d/conv2d-kernel.ts and conv2d-attributes.ts.
//
// A convolution is a product: M = batch * out_height * out_width rows (places of the output), N = filters of a
// group, K = kernel_height * kernel_width * channels of a group. Its first factor is never written down: of row m
// and kernel row r, the elements are read where they lie in the image, in runs of neighbours. Without groups and
// horizontal dilation a run is a whole kernel row (kernel_width * channels elements), else one tap.
struct Constants {
  // Behind it are words of Winograd's variants (winograd-constants.wgsl).
  @size(128) geometry: Geometry,
  group_channels: u32,
  group_filters: u32,
  runs: u32,
  runs_per_kernel_row: u32,
  run_length: u32,
  epilogue: u32,
  // Of the split variants: splits of the sums, steps of a split in every run.
  splits: u32,
  split_steps: u32,
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
  let g = constants.geometry;
  let column = m % g.out_width;
  let row = m / g.out_width % g.out_height;
  let image = m / g.out_width / g.out_height;
  return Window(
    i32(image * g.height * g.width * g.channels + group * constants.group_channels),
    window_top(row),
    window_left(column),
    image < g.batch,
  );
}

// A run of a window: element t lies at index + t and counts where first <= t < last.
struct Run {
  index: i32,
  first: i32,
  last: i32,
}

fn run_of(window: Window, run: u32) -> Run {
  let y = window.top + tap_down(run / constants.runs_per_kernel_row);
  let x = window.left + tap_across(run % constants.runs_per_kernel_row);
  let height = i32(constants.geometry.height);
  let width = i32(constants.geometry.width);
  let channels = i32(constants.geometry.channels);
  let inside = window.exists && y >= 0 && y < height;
  let last = min((width - x) * channels, i32(constants.run_length));
  return Run(window.image + (y * width + x) * channels, max(-x, 0) * channels, select(0, last, inside));
}
