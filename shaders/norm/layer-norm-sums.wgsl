// Sums over each slice of rows for the gradients of scale and shift, each [slices, channels]:
//   scales = sum of dy (x - mean) inverse,    shifts = sum of dy,
// with mean and inverse of each row from statistics [rows, 2]. One invocation per slice and channel, f32, in order.
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
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels;
  if (i >= constants.slices * channels) {
    return;
  }
  let channel = i % channels;
  let first = (i / channels) * constants.rows_per_slice;
  let last = min(first + constants.rows_per_slice, constants.rows);
  var product = 0.0;
  var sum = 0.0;
  for (var row = first; row < last; row++) {
    let at = row * channels + channel;
    let gradient = f32(dy[at]);
    product += gradient * ((f32(x[at]) - statistics[2u * row]) * statistics[2u * row + 1u]);
    sum += gradient;
  }
  scales[i] = product;
  shifts[i] = sum;
}
