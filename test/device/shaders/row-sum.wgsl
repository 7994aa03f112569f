// out[r] = sum over c of x[r, c]; x: rows x columns. One workgroup for each row, folded when there are many.
struct Constants {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = flat_workgroup(workgroup_id, workgroups);
  if (row >= constants.rows) {
    return;
  }
  var sum = 0.0;
  for (var c = lane; c < constants.columns; c += WORKGROUP) {
    sum += x[row * constants.columns + c];
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    for (var i = 1u; i < WORKGROUP; i++) {
      sum += partial[i];
    }
    out[row] = sum;
  }
}
