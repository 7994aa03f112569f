// The geometry of a convolution, with which the constants of its three kernels begin: geometryWords in
// src/ops/conv2d/conv2d-attributes.ts, which has the formula. x is [batch, height, width, channels], y [batch, out_height,
// out_width, filters]. The file behind this one declares `struct Constants` and `constants`.
struct Geometry {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  filters: u32,
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
}

// The corner of an output's window in the image, and how far from it a tap lies. Corners may lie outside.
fn window_top(row: u32) -> i32 {
  return i32(row * constants.geometry.stride_height) - i32(constants.geometry.pad_top);
}
fn window_left(column: u32) -> i32 {
  return i32(column * constants.geometry.stride_width) - i32(constants.geometry.pad_left);
}
fn tap_down(kernel_row: u32) -> i32 {
  return i32(kernel_row * constants.geometry.dilation_height);
}
fn tap_across(kernel_column: u32) -> i32 {
  return i32(kernel_column * constants.geometry.dilation_width);
}

fn inside_image(y: i32, x: i32) -> bool {
  return y >= 0 && y < i32(constants.geometry.height) && x >= 0 && x < i32(constants.geometry.width);
}

// The first channel of a pixel in x.
fn pixel_index(image: u32, y: i32, x: i32) -> i32 {
  let pixel = (i32(image * constants.geometry.height) + y) * i32(constants.geometry.width) + x;
  return pixel * i32(constants.geometry.channels);
}
