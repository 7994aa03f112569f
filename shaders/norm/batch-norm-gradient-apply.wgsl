// dx = a dy + b (x - mean) + c, with coefficients [4, channels] = a, b, c, mean. With `masked`, dy counts only where
// relu > 0. One invocation per element.
struct Constants {
  count: u32,
  channels: u32,
  masked: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read> coefficients: array<f32>;
@group(0) @binding(3) var<storage, read> relu: array<Element3>;
@group(0) @binding(4) var<storage, read_write> dx: array<Element4>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let channels = constants.channels;
  let channel = i % channels;
  var dz = f32(dy[i]);
  if (constants.masked == 1u) {
    dz = select(0.0, dz, f32(relu[i]) > 0.0);
  }
  let a = coefficients[channel];
  let b = coefficients[channels + channel];
  let c = coefficients[2u * channels + channel];
  let centred = f32(x[i]) - coefficients[3u * channels + channel];
  dx[i] = Element4(a * dz + b * centred + c);
}
