// The taps of an input gradient for conv2d-winograd-weights.wgsl, by the names of winograd-constants.wgsl: the
// weights' taps in reverse. Their channels are the filters here, a row of the weights apart. Comes after
// gradient-scalar.wgsl.
fn tap(index: u32, channel: u32, filter_index: u32) -> vec4<f32> {
  let row = constants.channels;
  let first = ((8u - index) * constants.filters + filter_index) * row + channel;
  return vec4<f32>(
    b_element(first, true),
    b_element(first + row, true),
    b_element(first + 2u * row, true),
    b_element(first + 3u * row, true),
  );
}
