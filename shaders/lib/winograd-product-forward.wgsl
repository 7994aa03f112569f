// These are the constants of a convolution (conv2d-constants.wgsl), by the names that a product has for them.
struct Constants {
  images: u32,
  height: u32,
  width: u32,
  k: u32,
  n: u32,
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
  m: u32,
  batch: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;
