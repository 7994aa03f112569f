// The constants of a convolution's input gradient (conv2d-input-gradient.wgsl), by the names that Winograd's products
// have for them: steps are filters, columns channels.
struct Constants {
  images: u32,
  height: u32,
  width: u32,
  n: u32,
  k: u32,
  kernel_height: u32,
  kernel_width: u32,
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
  phase_places: u32,
  m: u32,
  batch: u32,
  tiles_down: u32,
  tiles_across: u32,
  turned_pad_top: u32,
  turned_pad_left: u32,
  epilogue: u32,
}

@group(0) @binding(3) var<uniform> constants: Constants;
