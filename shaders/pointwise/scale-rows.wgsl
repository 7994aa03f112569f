// y[i] = x[i] factors[i / columns]: a number for each row
struct Constants {
  count: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> factors: array<Element1>;
@group(0) @binding(2) var<storage, read_write> y: array<Element2>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  y[i] = Element2(f32(x[i]) * f32(factors[i / constants.columns]));
}
