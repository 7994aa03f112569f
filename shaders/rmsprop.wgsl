// RMSprop, one invocation per element, f32:
//   g = scale gradient + decay w;  s = alpha s + (1 - alpha) g^2
//   d = g / (sqrt(s) + epsilon),  or  g / sqrt(s + epsilon);  v = momentum v + d;  w = w - rate v
//
// block_groups names the group of every 64 elements; all numbers are step values. gate holds
// [norm, scale, finite, ...]: nothing is updated when the gradients are not finite.
struct Constants {
  count: u32,
  groups_at: u32,
  numbers_at: u32,
  has_momentum: u32,
  inside: u32,
}

@group(0) @binding(0) var<storage, read> gradients: array<Element>;
@group(0) @binding(1) var<storage, read> block_groups: array<u32>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> squares: array<f32>;
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;
@group(0) @binding(6) var<uniform> constants: Constants;
@group(0) @binding(7) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count || gate[2] == 0.0) {
    return;
  }
  let group = constants.groups_at + 2u * block_groups[i / 64u];
  let rate = step_float(group);
  let decay = step_float(group + 1u);
  let alpha = step_float(constants.numbers_at);
  // 1 - alpha comes from the host: in f32, 1 - 0.999 is off by 1e-5 of itself.
  let rest = step_float(constants.numbers_at + 1u);
  let epsilon = step_float(constants.numbers_at + 3u);

  let g = f32(gradients[i]) * gate[1] + decay * parameters[i];
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
  parameters[i] -= rate * direction;
}
