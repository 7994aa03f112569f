// The moving average of weights, one invocation per element, f32:
//   a = a + share (w - a)
//
// `share` is a step value. gate holds [norm, scale, finite, ...]: nothing is averaged when the gradients were not
// finite.
struct Constants {
  count: u32,
  share_at: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> average: array<f32>;
@group(0) @binding(3) var<uniform> constants: Constants;
@group(0) @binding(4) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count || gate[2] == 0.0) {
    return;
  }
  average[i] += step_float(constants.share_at) * (parameters[i] - average[i]);
}
