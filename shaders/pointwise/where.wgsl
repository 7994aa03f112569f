// y[i] = a[i] where condition[i] is not 0, else b[i]; all of one shape.
struct Constants {
  count: u32,
}

@group(0) @binding(0) var<storage, read> condition: array<i32>;
@group(0) @binding(1) var<storage, read> a: array<Element1>;
@group(0) @binding(2) var<storage, read> b: array<Element2>;
@group(0) @binding(3) var<storage, read_write> y: array<Element3>;
@group(0) @binding(4) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  if (condition[i] != 0) {
    y[i] = Element3(f32(a[i]));
  } else {
    y[i] = Element3(f32(b[i]));
  }
}
