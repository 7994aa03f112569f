// Mean and sum of squared differences from it, of each slice of rows of x [rows, channels]:
// partials [2, slices, channels]. One invocation per slice and channel, two passes, f32, in order.
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
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels;
  if (i >= constants.slices * channels) {
    return;
  }
  let channel = i % channels;
  let first = (i / channels) * constants.rows_per_slice;
  let last = min(first + constants.rows_per_slice, constants.rows);
  var sum = 0.0;
  for (var row = first; row < last; row++) {
    sum += f32(x[row * channels + channel]);
  }
  let mean = sum / f32(last - first);
  var squares = 0.0;
  for (var row = first; row < last; row++) {
    let difference = f32(x[row * channels + channel]) - mean;
    squares += difference * difference;
  }
  partials[i] = mean;
  partials[constants.slices * channels + i] = squares;
}
