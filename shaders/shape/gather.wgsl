// y[o, j, c] = x[o, indices[j], c]; NaN for an index outside of x. x is [outer, rows, columns], and `wrapped` of its rows can be
// named from the end. One invocation per element of y.
struct Constants {
  count: u32,
  rows: u32,
  columns: u32,
  indices: u32,
  wrapped: u32,
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
  let part = i / constants.columns;
  let outer = part / constants.indices;
  let index = indices[part - outer * constants.indices];
  let row = index + select(0, i32(constants.wrapped), index < 0);
  if (row < 0 || row >= i32(constants.rows)) {
    y[i] = Element(constants.not_a_number);
    return;
  }
  y[i] = x[(outer * constants.rows + u32(row) - part) * constants.columns + i];
}
