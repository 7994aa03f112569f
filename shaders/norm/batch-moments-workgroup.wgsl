// As batch-moments.wgsl, for GPUs: a workgroup for a block of channels of each slice, whose lanes share the rows
// (lib/channel-parts.wgsl), so that a large GPU has enough to do where channels are few.
struct Constants {
  rows: u32,
  channels: u32,
  slices: u32,
  rows_per_slice: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<uniform> constants: Constants;

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
  var sum = 0.0;
  for (var row = first + part_of(lane); row < end; row += PARTS) {
    sum += f32(x[row * channels + channel]);
  }
  let mean = channel_total(lane, sum) / f32(last - first);
  var squares = 0.0;
  for (var row = first + part_of(lane); row < end; row += PARTS) {
    let difference = f32(x[row * channels + channel]) - mean;
    squares += difference * difference;
  }
  let all_squares = channel_total(lane, squares);
  if (channel < channels && part_of(lane) == 0u) {
    partials[slice * channels + channel] = mean;
    partials[(constants.slices + slice) * channels + channel] = all_squares;
  }
}
