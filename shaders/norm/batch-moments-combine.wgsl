// Mean and biased variance of each channel from those of its slices, combined in order (Chan, Golub, LeVeque):
//   difference = m_s - m;  m += difference n_s / (n + n_s);  q += q_s + difference^2 n n_s / (n + n_s)
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let channel = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels;
  if (channel >= channels) {
    return;
  }
  var count = 0.0;
  var average = 0.0;
  var squares = 0.0;
  for (var slice = 0u; slice < constants.slices; slice++) {
    let added = f32(min(constants.rows_per_slice, constants.rows - slice * constants.rows_per_slice));
    let total = count + added;
    let difference = partials[slice * channels + channel] - average;
    average += difference * (added / total);
    squares += partials[(constants.slices + slice) * channels + channel] + difference * difference * count * (added / total);
    count = total;
  }
  mean[channel] = Element(average);
  variance[channel] = Element(squares / f32(constants.rows));
}
