// The constants of a convolution's input gradient (conv2d-input-gradient.wgsl), turned: it is a forward convolution that
// reads dy and writes dx, with the taps in reverse, from filters to channels. So what it reads is called the image here,
// its filters channels, and the channels that it writes filters: the names that the transforms have forwards.
struct Constants {
  batch: u32,
  out_height: u32,
  out_width: u32,
  filters: u32,
  channels: u32,
  kernel_height: u32,
  kernel_width: u32,
  height: u32,
  width: u32,
  stride_height: u32,
  stride_width: u32,
  forward_pad_top: u32,
  forward_pad_left: u32,
  dilation_height: u32,
  dilation_width: u32,
  groups: u32,
  group_filters: u32,
  group_channels: u32,
  phase_places: u32,
  tiles: u32,
  positions: u32,
  tiles_down: u32,
  tiles_across: u32,
  pad_top: u32,
  pad_left: u32,
  epilogue: u32,
}

@group(0) @binding(3) var<uniform> constants: Constants;
