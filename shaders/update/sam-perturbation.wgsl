// The way up of sharpness-aware minimisation, one invocation per element, f32:
//   kept = w;   w = w + radius g / (norm + 1e-12);   g = 0
//
// `radius` is a step value. gate holds [norm, scale, finite, ...]: weights and gradients stay when the norm is not
// finite.
struct Constants {
  count: u32,
  radius_at: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradients: array<Element>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  kept[i] = parameters[i];
  if (gate[2] == 0.0) {
    return;
  }
  parameters[i] += step_float(constants.radius_at) / (gate[0] + 1e-12) * f32(gradients[i]);
  gradients[i] = Element(0.0);
}
