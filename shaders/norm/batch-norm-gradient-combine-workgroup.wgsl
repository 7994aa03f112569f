// As batch-norm-gradient-combine.wgsl, for GPUs: lanes share the slices of a channel (lib/channel-parts.wgsl).
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channels = constants.channels;
  let block = flat_workgroup(workgroup, workgroups);
  if (block >= channel_blocks(channels)) {
    return;
  }
  let channel = channel_of(lane, block);
  let end = select(0u, constants.slices, channel < channels);
  var sum = 0.0;
  var product = 0.0;
  for (var slice = part_of(lane); slice < end; slice += PARTS) {
    sum += partials[slice * channels + channel];
    product += partials[(constants.slices + slice) * channels + channel];
  }
  let all_sums = channel_total(lane, sum);
  let all_products = channel_total(lane, product);
  if (channel < channels && part_of(lane) == 0u) {
    store_gradients(channel, all_sums, all_products);
  }
}
