// What the gradients of attention need of each row of [rows, columns]: the logarithm of its sum, and the sum of
// out * dout. One invocation per row, f32, in order.
struct Constants {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(1) var<storage, read> out: array<Element1>;
@group(0) @binding(2) var<storage, read> dout: array<Element2>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(4) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = flat_index(id, groups, WORKGROUP);
  if (row >= constants.rows) {
    return;
  }
  let start = row * constants.columns;
  var sum = 0.0;
  for (var j = start; j < start + constants.columns; j++) {
    sum += f32(out[j]) * f32(dout[j]);
  }
  statistics[2u * row] = log_sum_exp[row];
  statistics[2u * row + 1u] = sum;
}
