// RMSprop, one invocation per element, f32:
//   g = scale gradient + decay w;  s = alpha s + (1 - alpha) g^2
//   d = g / (sqrt(s) + epsilon),  or  g / sqrt(s + epsilon);  v = momentum v + d;  w = w - rate v
//
// All numbers are step values. lib/update.wgsl has the operands that all optimisers have.
struct Constants {
  count: u32,
  groups_at: u32,
  numbers_at: u32,
  has_momentum: u32,
  inside: u32,
}

@group(0) @binding(4) var<storage, read_write> squares: array<f32>;
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(6) var<uniform> constants: Constants;
@group(0) @binding(7) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (!is_updated(i)) {
    return;
  }
  let group = group_of(i);
  let alpha = step_float(constants.numbers_at);
  // 1 - alpha comes from the host: in f32, 1 - 0.999 is off by 1e-5 of itself.
  let rest = step_float(constants.numbers_at + 1u);
  let epsilon = step_float(constants.numbers_at + 3u);

  let g = scaled_gradient(i) + group.decay * parameters[i];
  let s = alpha * squares[i] + rest * g * g;
  squares[i] = s;
  var root = sqrt(s) + epsilon;
  if (constants.inside == 1u) {
    root = sqrt(s + epsilon);
  }
  var direction = g / root;
  if (constants.has_momentum == 1u) {
    direction += step_float(constants.numbers_at + 2u) * velocity[i];
    velocity[i] = direction;
  }
  parameters[i] -= group.rate * direction;
}
