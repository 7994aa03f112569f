// The input gradient of a convolution with one channel and one filter to each group; its formula stands in
// src/ops/conv2d/conv2d-gradient-attributes.ts. Weights are [kernel_height, kernel_width, channels].
//
// Nothing is tiled: one invocation computes four neighbouring channels (with the vec4 libraries channels are a
// multiple of 4, with the scalar ones the last may be missing) of PLACES places of a row of dx that meet the same
// taps (lib/conv2d-input-gradient.wgsl), and each weight that it reads serves all of them. Sums are f32.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let vectors = (constants.geometry.channels + 3u) / 4u;
  let g = constants.geometry;
  let phase_columns = (g.width + g.stride_width - 1u) / g.stride_width;
  let strips = (phase_columns + PLACES - 1u) / PLACES;
  let index = flat_index(id, workgroups, WORKGROUP);
  if (index >= vectors * strips * g.stride_width * g.height * g.batch) {
    return;
  }
  let channel = index % vectors * 4u;
  let channels = constants.geometry.channels - channel;
  let strip = index / vectors % (strips * constants.geometry.stride_width);
  let row = index / vectors / strips / constants.geometry.stride_width; // of all images
  let y = row % constants.geometry.height;
  let phase = Phase(row_axis(y % constants.geometry.stride_height), column_axis(strip / strips));
  let first = Place(row / constants.geometry.height, y / constants.geometry.stride_height, strip % strips * PLACES);

  // A channel is its own group, so its sources are found as in a product.
  let source = source_of(phase, first, channel);
  var sums: array<vec4<f32>, PLACES>;
  for (var u = 0u; u < phase.rows.taps * phase.columns.taps; u++) {
    let weights = b_vector(tap_of(phase, u) * constants.geometry.channels + channel, channels);
    for (var i = 0u; i < PLACES; i++) {
      let neighbour = Source(source.image, source.row, source.column + i32(i), source.exists);
      let run = run_of(phase, neighbour, u);
      sums[i] += weights * a_vector(run.index, 0, select(0, i32(channels), run.inside));
    }
  }
  for (var i = 0u; i < PLACES; i++) {
    if (first.column + i < phase.columns.places) {
      let place = Place(first.image, first.row, first.column + i);
      store_out(dx_index(phase, place) + channel, channels, sums[i]);
    }
  }
}
