// As batch-moments-combine.wgsl, for GPUs: lanes share the slices of a channel (lib/channel-parts.wgsl); each combines
// its own in order, and then the parts are combined in order by the same formula.
struct Constants {
  rows: u32,
  channels: u32,
  slices: u32,
  rows_per_slice: u32,
}

@group(0) @binding(0) var<storage, read> partials: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<Element>;
@group(0) @binding(2) var<storage, read_write> variance: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

// Of some rows: their number, mean, and sum of squared differences from it.
struct Moments {
  count: f32,
  average: f32,
  squares: f32,
}

var<workgroup> moments_of: array<Moments, WORKGROUP>;

fn combined(a: Moments, b: Moments) -> Moments {
  let total = a.count + b.count;
  let difference = b.average - a.average;
  // Where there are more lanes than slices both may be empty.
  let share = select(0.0, b.count / total, total > 0.0);
  return Moments(total, a.average + difference * share, a.squares + b.squares + difference * difference * a.count * share);
}

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
  var moments = Moments(0.0, 0.0, 0.0);
  for (var slice = part_of(lane); slice < end; slice += PARTS) {
    let rows = min(constants.rows_per_slice, constants.rows - slice * constants.rows_per_slice);
    let squares = partials[(constants.slices + slice) * channels + channel];
    moments = combined(moments, Moments(f32(rows), partials[slice * channels + channel], squares));
  }
  moments_of[lane] = moments;
  workgroupBarrier();
  if (channel >= channels || part_of(lane) > 0u) {
    return;
  }
  for (var part = 1u; part < PARTS; part++) {
    moments = combined(moments, moments_of[part * CHANNELS + lane]);
  }
  mean[channel] = Element(moments.average);
  variance[channel] = Element(moments.squares / f32(constants.rows));
}
