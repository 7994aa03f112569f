// y[r, :] = sum over j with indices[j] = r of x[j, :]; zeros where there is none.
// One invocation per element of y, which looks at all indices in order: deterministic, f32.
struct Constants {
  count: u32,
  rows: u32,
  columns: u32,
  indices: u32,
  not_a_number: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let row = i32(i / constants.columns);
  var total = 0.0;
  for (var j = 0u; j < constants.indices; j++) {
    if (indices[j] == row) {
      total += f32(x[j * constants.columns + i % constants.columns]);
    }
  }
  y[i] = Element(total);
}
