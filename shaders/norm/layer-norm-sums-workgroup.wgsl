// As layer-norm-sums.wgsl, for GPUs: a workgroup for a block of channels of each slice, whose lanes share the rows
// (lib/channel-parts.wgsl).
struct Constants {
  rows: u32,
  channels: u32,
  slices: u32,
  rows_per_slice: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;
@group(0) @binding(4) var<storage, read_write> shifts: array<f32>;
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
  var product = 0.0;
  var sum = 0.0;
  for (var row = first + part_of(lane); row < end; row += PARTS) {
    let at = row * channels + channel;
    let gradient = f32(dy[at]);
    product += gradient * ((f32(x[at]) - statistics[2u * row]) * statistics[2u * row + 1u]);
    sum += gradient;
  }
  let all_products = channel_total(lane, product);
  let all_sums = channel_total(lane, sum);
  if (channel < channels && part_of(lane) == 0u) {
    scales[slice * channels + channel] = all_products;
    shifts[slice * channels + channel] = all_sums;
  }
}
