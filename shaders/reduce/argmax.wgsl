// index[row] = the first column at which x[row, column] is largest; one invocation per row
struct Constants {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> index: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = flat_index(id, groups, WORKGROUP);
  if (row >= constants.rows) {
    return;
  }
  let start = row * constants.columns;
  var best = 0u;
  var largest = f32(x[start]);
  for (var j = 1u; j < constants.columns; j++) {
    let value = f32(x[start + j]);
    if (value > largest) {
      largest = value;
      best = j;
    }
  }
  index[row] = i32(best);
}
