// y[b, c] = sum over places i of x[b, i, c] / positions; x is [batch, positions, channels], y [batch, channels].
//
// One invocation per image and CHANNELS channels adds the places in order, in f32.
struct Constants {
  batch: u32,
  positions: u32,
  channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels / CHANNELS;
  if (i >= constants.batch * channels) {
    return;
  }
  let start = i / channels * constants.positions * channels + i % channels;
  var sum = Channels();
  for (var place = 0u; place < constants.positions; place++) {
    sum += Channels(x[start + place * channels]);
  }
  y[i] = Stored1(sum / f32(constants.positions));
}
