// y[o, r, c] = sum over j with indices[j] = r of x[o, j, c]; zeros where there is none. y is [outer, rows, columns], and `order`
// has the positions j by row, see order-indices.wgsl. One invocation per element of y, in the order of j, f32.
struct Constants {
  count: u32,
  rows: u32,
  columns: u32,
  indices: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> order: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let part = i / constants.columns;
  let column = i - part * constants.columns;
  let outer = part / constants.rows;
  let row = part - outer * constants.rows;
  let positions = constants.rows + 1u;
  let end = positions + u32(order[row + 1u]);
  var total = 0.0;
  for (var k = positions + u32(order[row]); k < end; k++) {
    total += f32(x[(outer * constants.indices + u32(order[k])) * constants.columns + column]);
  }
  y[i] = Element(total);
}
