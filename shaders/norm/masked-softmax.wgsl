// Softmax, or its logarithm, of each row of x [rows, columns], of what a mask lets count:
//   s = x where the mask is not 0 (`counts`), or x + mask;    y = exp(s - m) / sum exp(s - m)  or its logarithm.
// What does not count, or has s = -inf, is 0 (-inf under the logarithm), and so is all of a row of such. The mask's row is
// found by strides; one with a column_stride of 0 is one number. lib/rows-*.wgsl say which lanes take which columns. f32.
struct Constants {
  rows: u32,
  columns: u32,
  logarithm: u32,
  counting: u32,
  shape: Six,
  strides: Six,
  column_stride: u32,
  nothing: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> counts: array<i32>;
@group(0) @binding(2) var<storage, read> added: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element3>;
@group(0) @binding(4) var<uniform> constants: Constants;

fn score(at: u32, mask: u32) -> f32 {
  let value = f32(x[at]);
  if (constants.counting == 1u) {
    return select(value, constants.nothing, counts[mask] == 0);
  }
  return value + added[mask];
}

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
  let columns = constants.columns;
  let start = row * columns;
  let mask = strided_index(row, constants.shape, constants.strides);
  let stride = constants.column_stride;
  var largest = constants.nothing;
  for (var j = first_column(lane); j < columns; j += LANES) {
    largest = max(largest, score(start + j, mask + j * stride));
  }
  largest = row_largest(lane, largest);
  var total = 0.0;
  for (var j = first_column(lane); j < columns; j += LANES) {
    let value = score(start + j, mask + j * stride);
    total += select(exp_of(value - largest), 0.0, is_nothing(value));
  }
  total = row_total(lane, total);
  let log_total = log_of(total);
  for (var j = first_column(lane); j < columns; j += LANES) {
    let value = score(start + j, mask + j * stride);
    let shifted = value - largest;
    var result = 0.0;
    if (constants.logarithm == 1u) {
      result = select(shifted - log_total, constants.nothing, is_nothing(value));
    } else {
      result = select(exp_of(shifted) / total, 0.0, is_nothing(value));
    }
    y[start + j] = Element3(result);
  }
}
