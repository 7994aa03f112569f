// y[i] = value
struct Constants {
  count: u32,
  value: f32,
}

@group(0) @binding(0) var<storage, read_write> y: array<Element>;
@group(0) @binding(1) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  y[i] = Element(constants.value);
}
