// The forward convolution with one channel and one filter to each group; its formula stands in
// src/ops/conv2d/conv2d-attributes.ts. Weights are [kernel_height, kernel_width, channels].
//
// Every output needs kernel_height * kernel_width products only, so nothing is tiled: one invocation computes four
// neighbouring channels (with the vec4 libraries channels are a multiple of 4, with the scalar ones the last may be
// missing) of PLACES neighbouring places of an output row, and each weight that it reads serves all of them. Sums are
// f32, in the order of the weights.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let vectors = (constants.geometry.channels + 3u) / 4u;
  let strips = (constants.geometry.out_width + PLACES - 1u) / PLACES;
  let index = flat_index(id, workgroups, WORKGROUP);
  if (index >= vectors * strips * constants.geometry.out_height * constants.geometry.batch) {
    return;
  }
  let channel = index % vectors * 4u;
  let channels = constants.geometry.channels - channel;
  let first_column = index / vectors % strips * PLACES;
  let row = index / vectors / strips; // of all images

  // A channel is its own group, so its windows are found as in a product; every tap is a run.
  var windows: array<Window, PLACES>;
  for (var i = 0u; i < PLACES; i++) {
    windows[i] = window_of(row * constants.geometry.out_width + first_column + i, channel);
  }
  var sums: array<vec4<f32>, PLACES>;
  for (var tap = 0u; tap < constants.runs; tap++) {
    let weights = b_vector(tap * constants.geometry.channels + channel, channels);
    for (var i = 0u; i < PLACES; i++) {
      let run = run_of(windows[i], tap);
      let inside = run.first == 0 && run.last > 0;
      sums[i] += weights * a_vector(run.index, 0, select(0, i32(channels), inside));
    }
  }
  for (var i = 0u; i < PLACES; i++) {
    if (first_column + i < constants.geometry.out_width) {
      let place = row * constants.geometry.out_width + first_column + i;
      finish(sums[i], constants.epilogue, channel, place * constants.geometry.channels + channel, channels);
    }
  }
}
