// As batch-norm-gradient-sums.wgsl, for GPUs: a workgroup for a block of channels of each slice, whose lanes share the
// rows (lib/channel-parts.wgsl).
struct Constants {
  rows: u32,
  channels: u32,
  slices: u32,
  rows_per_slice: u32,
  masked: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read> mean: array<Element2>;
@group(0) @binding(3) var<storage, read> relu: array<Element3>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channels = constants.channels;
  let blocks = channel_blocks(channels);
  let i = flat_workgroup(workgroup, workgroups);
  if (i >= constants.slices * blocks) {
    return;
  }
  let slice = i / blocks;
  let channel = channel_of(lane, i % blocks);
  let first = slice * constants.rows_per_slice;
  let last = min(first + constants.rows_per_slice, constants.rows);
  // No rows where there is no such channel.
  let end = select(first, last, channel < channels);
  let average = f32(mean[min(channel, channels - 1u)]);
  var sum = 0.0;
  var product = 0.0;
  for (var row = first + part_of(lane); row < end; row += PARTS) {
    let at = row * channels + channel;
    var dz = f32(dy[at]);
    if (constants.masked == 1u) {
      dz = select(0.0, dz, f32(relu[at]) > 0.0);
    }
    sum += dz;
    product += dz * (f32(x[at]) - average);
  }
  let all_dz = channel_total(lane, sum);
  let all_products = channel_total(lane, product);
  if (channel < channels && part_of(lane) == 0u) {
    partials[slice * channels + channel] = all_dz;
    partials[(constants.slices + slice) * channels + channel] = all_products;
  }
}
