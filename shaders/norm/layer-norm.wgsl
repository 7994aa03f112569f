// Each row of x [rows, columns] normalised:
//   y = (x - mean) inverse scale + shift,    inverse = 1 / sqrt(mean of (x - mean)^2 + epsilon).
// Without `centred` the mean is 0. lib/rows-*.wgsl say which lanes take which columns of a row. f32, in a fixed order.
struct Constants {
  rows: u32,
  columns: u32,
  epsilon: f32,
  centred: u32,
  scaled: u32,
  shifted: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> scale: array<Element1>;
@group(0) @binding(2) var<storage, read> shift: array<Element2>;
@group(0) @binding(3) var<storage, read_write> y: array<Element3>;
@group(0) @binding(4) var<uniform> constants: Constants;

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
  var sum = 0.0;
  if (constants.centred == 1u) {
    for (var j = first_column(lane); j < columns; j += LANES) {
      sum += f32(x[start + j]);
    }
  }
  let mean = row_total(lane, sum) / f32(columns);
  var squares = 0.0;
  for (var j = first_column(lane); j < columns; j += LANES) {
    let difference = f32(x[start + j]) - mean;
    squares += difference * difference;
  }
  let inverse = 1.0 / sqrt(row_total(lane, squares) / f32(columns) + constants.epsilon);
  for (var j = first_column(lane); j < columns; j += LANES) {
    var value = (f32(x[start + j]) - mean) * inverse;
    if (constants.scaled == 1u) {
      value *= f32(scale[j]);
    }
    if (constants.shifted == 1u) {
      value += f32(shift[j]);
    }
    y[start + j] = Element3(value);
  }
}
