// The gradient of softmax, or of its logarithm, from its result y, for each row of [rows, columns]:
//   dx = y (dy - sum of y dy)      or      dx = dy - exp(y) sum of dy, and 0 where y is -inf, whose dy does not count.
// lib/rows-*.wgsl say which lanes take which columns of a row. f32, in a fixed order.
struct Constants {
  rows: u32,
  columns: u32,
  logarithm: u32,
}

@group(0) @binding(0) var<storage, read> y: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read_write> dx: array<Element2>;
@group(0) @binding(3) var<uniform> constants: Constants;

// By bits: drivers may assume that there are no infinities.
fn is_nothing(value: f32) -> bool {
  return bitcast<u32>(value) == 0xff800000u;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = row_of(workgroup, workgroups, lane);
  if (row >= constants.rows) {
    return;
  }
  let start = row * constants.columns;
  let end = start + constants.columns;
  var total = 0.0;
  for (var at = start + first_column(lane); at < end; at += LANES) {
    let value = f32(y[at]);
    let gradient = f32(dy[at]);
    if (constants.logarithm == 1u) {
      total += select(gradient, 0.0, is_nothing(value));
    } else {
      total += value * gradient;
    }
  }
  total = row_total(lane, total);
  for (var at = start + first_column(lane); at < end; at += LANES) {
    let value = f32(y[at]);
    let gradient = f32(dy[at]);
    if (constants.logarithm == 1u) {
      dx[at] = Element2(select(gradient - exp_of(value) * total, 0.0, is_nothing(value)));
    } else {
      dx[at] = Element2(value * (gradient - total));
    }
  }
}
