// The weight gradient of a convolution with one channel and one filter to each group; its formula stands in
// src/ops/conv2d/conv2d-gradient-attributes.ts. Weights are [kernel_height, kernel_width, channels].
//
// One invocation sums up one split of one tap for four neighbouring channels (with the vec4 libraries channels are
// a multiple of 4, with the scalar ones the last may be missing). Sums are f32, positions in rising order.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let vectors = (constants.geometry.channels + 3u) / 4u;
  let index = flat_index(id, workgroups, WORKGROUP);
  if (index >= vectors * constants.group_weights * constants.splits) {
    return;
  }
  let channel = index % vectors * 4u;
  let channels = constants.geometry.channels - channel;
  let tap = index / vectors % constants.group_weights;
  let split = index / vectors / constants.group_weights;
  let down = tap_down(tap / constants.geometry.kernel_width);
  let across = tap_across(tap % constants.geometry.kernel_width);

  let step = position_of(1u);
  var position = position_of(split_begin(split));
  var sum = vec4<f32>();
  for (var k = split_begin(split); k < split_end(split); k++) {
    let y = window_top(position.row) + down;
    let x = window_left(position.column) + across;
    let index = pixel_index(position.image, y, x) + i32(channel);
    let value = a_vector(index, 0, select(0, i32(channels), inside_image(y, x)));
    sum += value * b_vector(k * constants.geometry.channels + channel, channels);
    position = advance(position, step);
  }
  store_out((split * constants.group_weights + tap) * constants.geometry.channels + channel, channels, sum);
}
