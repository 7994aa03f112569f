// dx[i] = dy[i] * derivative(value[i]), where value is the operation's input or its output.
struct Constants {
  count: u32,
}

@group(0) @binding(0) var<storage, read> value: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read_write> dx: array<Element2>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  dx[i] = Element2(f32(dy[i]) * derivative(f32(value[i])));
}
