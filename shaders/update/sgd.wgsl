// Stochastic gradient descent with momentum, one invocation per element, f32:
//   g = scale gradient + decay w;  v = momentum v + g;  d = g + momentum v (Nesterov), else v;  w = w - rate d
//
// lib/update.wgsl has the operands that all optimisers have.
struct Constants {
  count: u32,
  groups_at: u32,
  momentum_at: u32,
  has_momentum: u32,
  nesterov: u32,
}

@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (!is_updated(i)) {
    return;
  }
  let group = group_of(i);
  let g = scaled_gradient(i) + group.decay * parameters[i];
  var direction = g;
  if (constants.has_momentum == 1u) {
    let momentum = step_float(constants.momentum_at);
    let v = momentum * velocity[i] + g;
    velocity[i] = v;
    direction = select(v, g + momentum * v, constants.nesterov == 1u);
  }
  parameters[i] -= group.rate * direction;
}
