// What the updates of sgd.wgsl, rmsprop.wgsl and adam.wgsl share; see src/ops/update/update.ts. block_groups names the group of every
// 64 elements, whose rate and decay are step values from constants.groups_at on. gate holds [norm, scale, finite, ...]:
// nothing is updated when the gradients are not finite. Comes after step-float.wgsl.
@group(0) @binding(0) var<storage, read> gradients: array<Element>;
@group(0) @binding(1) var<storage, read> block_groups: array<u32>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;

// Whether there is an element i, and it may be updated.
fn is_updated(i: u32) -> bool {
  return i < constants.count && gate[2] != 0.0;
}

fn scaled_gradient(i: u32) -> f32 {
  return f32(gradients[i]) * gate[1];
}

struct Group {
  rate: f32,
  decay: f32,
}

fn group_of(i: u32) -> Group {
  let at = constants.groups_at + 2u * block_groups[i / 64u];
  return Group(step_float(at), step_float(at + 1u));
}
