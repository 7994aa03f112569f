// y = (x / 255 - mean[c]) / deviation[c]; x holds bytes, four to a word, lowest first, c = i mod 3
struct Constants {
  count: u32,
  mean: vec4<f32>,
  deviation: vec4<f32>,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<Element1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let quad = flat_index(id, groups, WORKGROUP);
  if (quad * 4u >= constants.count) {
    return;
  }
  let bytes = unpack4xU8(x[quad]);
  for (var lane = 0u; lane < 4u; lane++) {
    let i = quad * 4u + lane;
    if (i < constants.count) {
      let channel = i % 3u;
      y[i] = Element1((f32(bytes[lane]) / 255.0 - constants.mean[channel]) / constants.deviation[channel]);
    }
  }
}
