// Softmax, or its logarithm, of each row of x [rows, columns]:
//   y = exp(x - m) / sum exp(x - m)      or      y = (x - m) - log(sum exp(x - m)),    m = max of the row.
// One invocation per row, f32, in order. m + log(sum) would lose the digits of the logarithm where m is large.
struct Constants {
  rows: u32,
  columns: u32,
  logarithm: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = flat_index(id, groups, WORKGROUP);
  if (row >= constants.rows) {
    return;
  }
  let start = row * constants.columns;
  let end = start + constants.columns;
  var largest = f32(x[start]);
  for (var j = start + 1u; j < end; j++) {
    largest = max(largest, f32(x[j]));
  }
  var total = 0.0;
  for (var j = start; j < end; j++) {
    total += exp_of(f32(x[j]) - largest);
  }
  let log_total = log_of(total);
  for (var j = start; j < end; j++) {
    let shifted = f32(x[j]) - largest;
    if (constants.logarithm == 1u) {
      y[j] = Element(shifted - log_total);
    } else {
      y[j] = Element(exp_of(shifted) / total);
    }
  }
}
