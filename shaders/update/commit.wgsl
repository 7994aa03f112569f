// The end of a step: pending values become the committed ones, or are taken back when the gradients were not finite
// (gate[2] = 0).
struct Constants {
  count: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<f32>;
@group(0) @binding(1) var<storage, read_write> pending: array<f32>;
@group(0) @binding(2) var<storage, read_write> committed: array<f32>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  if (gate[2] == 0.0) {
    pending[i] = committed[i];
  } else {
    committed[i] = pending[i];
  }
}
