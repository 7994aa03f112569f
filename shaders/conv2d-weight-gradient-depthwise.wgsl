// The weight gradient of a convolution with one channel and one filter to each group; its formula stands in
// src/ops/conv2d-gradient-attributes.ts. Weights are [kernel_height, kernel_width, channels].
//
// One invocation sums up one split of one tap for four neighbouring channels (with the vec4 libraries channels are
// a multiple of 4, with the scalar ones the last may be missing). Sums are f32, positions in rising order.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let vectors = (constants.channels + 3u) / 4u;
  let index = flat_index(id, workgroups, WORKGROUP);
  if (index >= vectors * constants.group_weights * constants.splits) {
    return;
  }
  let channel = index % vectors * 4u;
  let channels = constants.channels - channel;
  let tap = index / vectors % constants.group_weights;
  let split = index / vectors / constants.group_weights;
  let top = i32(tap / constants.kernel_width * constants.dilation_height) - i32(constants.pad_top);
  let left = i32(tap % constants.kernel_width * constants.dilation_width) - i32(constants.pad_left);

  let step = position_of(1u);
  var position = position_of(split_begin(split));
  var sum = vec4<f32>();
  for (var k = split_begin(split); k < split_end(split); k++) {
    let y = i32(position.row * constants.stride_height) + top;
    let x = i32(position.column * constants.stride_width) + left;
    let inside = y >= 0 && y < i32(constants.height) && x >= 0 && x < i32(constants.width);
    let pixel = (i32(position.image * constants.height) + y) * i32(constants.width) + x;
    let value = a_vector(pixel * i32(constants.channels) + i32(channel), 0, select(0, i32(channels), inside));
    sum += value * b_vector(k * constants.channels + channel, channels);
    position = advance(position, step);
  }
  store_out((split * constants.group_weights + tap) * constants.channels + channel, channels, sum);
}
