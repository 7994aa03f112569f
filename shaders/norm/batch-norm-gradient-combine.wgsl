// The gradients and coefficients of lib/batch-norm-coefficients.wgsl from the sums of slices, partials
// [2, slices, channels], added in order, f32. One invocation for each channel.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let channel = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels;
  if (channel >= channels) {
    return;
  }
  var sum = 0.0;
  var product = 0.0;
  for (var slice = 0u; slice < constants.slices; slice++) {
    sum += partials[slice * channels + channel];
    product += partials[(constants.slices + slice) * channels + channel];
  }
  store_gradients(channel, sum, product);
}
