// Adam and AdamW, one invocation per element, f32:
//   g = scale gradient (+ decay w);  w = w - rate decay w when decoupled
//   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//   w = w - rate (m / c1) / (sqrt(v / c2) + epsilon),  or  w = w - rate sqrt(c2) / c1  m / (sqrt(v) + epsilon)
// with c1 = 1 - b1^t and c2 = 1 - b2^t.
//
// All numbers are step values. lib/update.wgsl has the operands that all optimisers have.
struct Constants {
  count: u32,
  groups_at: u32,
  numbers_at: u32,
  decoupled: u32,
  hat: u32,
}

@group(0) @binding(4) var<storage, read_write> first_moment: array<f32>;
@group(0) @binding(5) var<storage, read_write> second_moment: array<f32>;
@group(0) @binding(6) var<uniform> constants: Constants;
@group(0) @binding(7) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (!is_updated(i)) {
    return;
  }
  let group = group_of(i);
  let beta1 = step_float(constants.numbers_at);
  // 1 - beta comes from the host: in f32, 1 - 0.999 is off by 1e-5 of itself.
  let rest1 = step_float(constants.numbers_at + 1u);
  let beta2 = step_float(constants.numbers_at + 2u);
  let rest2 = step_float(constants.numbers_at + 3u);
  let correction1 = step_float(constants.numbers_at + 4u);
  let correction2 = step_float(constants.numbers_at + 5u);
  let epsilon = step_float(constants.numbers_at + 6u);

  var w = parameters[i];
  var g = scaled_gradient(i);
  if (constants.decoupled == 1u) {
    w *= 1.0 - group.rate * group.decay;
  } else {
    g += group.decay * w;
  }
  let m = beta1 * first_moment[i] + rest1 * g;
  let v = beta2 * second_moment[i] + rest2 * g * g;
  first_moment[i] = m;
  second_moment[i] = v;
  if (constants.hat == 1u) {
    parameters[i] = w - group.rate * sqrt(correction2) / correction1 * (m / (sqrt(v) + epsilon));
  } else {
    parameters[i] = w - group.rate / correction1 * m / (sqrt(v / correction2) + epsilon);
  }
}
