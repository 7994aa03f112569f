// The gradient of L2-SP's penalty pull / 2 |w - start|^2, added to the gradients; one invocation per element, f32:
//   g = g + pull (w - start)
//
// block_groups names the group of every 64 elements; the groups' pulls are step values.
struct Constants {
  count: u32,
  pulls_at: u32,
}

@group(0) @binding(0) var<storage, read> block_groups: array<u32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> start: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradients: array<Element>;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let pull = step_float(constants.pulls_at + block_groups[i / 64u]);
  gradients[i] = Element(f32(gradients[i]) + pull * (parameters[i] - start[i]));
}
