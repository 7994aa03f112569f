// Sums of dy and of dy (x - mean) over each slice of rows: partials [2, slices, channels]. With `masked`, dy counts
// only where relu > 0. One invocation per slice and channel, f32, in order.
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
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels;
  if (i >= constants.slices * channels) {
    return;
  }
  let channel = i % channels;
  let first = (i / channels) * constants.rows_per_slice;
  let last = min(first + constants.rows_per_slice, constants.rows);
  let average = f32(mean[channel]);
  var sum = 0.0;
  var product = 0.0;
  for (var row = first; row < last; row++) {
    let at = row * channels + channel;
    var dz = f32(dy[at]);
    if (constants.masked == 1u) {
      dz = select(0.0, dz, f32(relu[at]) > 0.0);
    }
    sum += dz;
    product += dz * (f32(x[at]) - average);
  }
  partials[i] = sum;
  partials[constants.slices * channels + i] = product;
}
