// Stochastic gradient descent with momentum, one invocation per element, f32:
//   g = scale gradient + decay w;  v = momentum v + g;  d = g + momentum v (Nesterov), else v;  w = w - rate d
//
// block_groups names the group of every 64 elements; rates and decays are step values. gate holds
// [norm, scale, finite, ...]: nothing is updated when the gradients are not finite.
struct Constants {
  count: u32,
  groups_at: u32,
  momentum_at: u32,
  has_momentum: u32,
  nesterov: u32,
}

@group(0) @binding(0) var<storage, read> gradients: array<Element>;
@group(0) @binding(1) var<storage, read> block_groups: array<u32>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count || gate[2] == 0.0) {
    return;
  }
  let group = constants.groups_at + 2u * block_groups[i / 64u];
  let rate = step_float(group);
  let decay = step_float(group + 1u);
  let g = f32(gradients[i]) * gate[1] + decay * parameters[i];
  var direction = g;
  if (constants.has_momentum == 1u) {
    let momentum = step_float(constants.momentum_at);
    let v = momentum * velocity[i] + g;
    velocity[i] = v;
    direction = select(v, g + momentum * v, constants.nesterov == 1u);
  }
  parameters[i] -= rate * direction;
}
