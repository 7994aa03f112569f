// The taps of a forward convolution for conv2d-winograd-weights.wgsl: tap `index` of 9, of four filters of a channel.
fn tap(index: u32, channel: u32, filter_index: u32) -> vec4<f32> {
  return b_vector((index * constants.channels + channel) * constants.filters + filter_index, 4u);
}
