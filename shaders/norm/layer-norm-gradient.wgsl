// The gradient of layer-norm.wgsl with respect to x, g = scale dy, and the statistics [rows, 2] of each row, mean and inverse:
//   dx = inverse (g - mean of g - (x - mean) inverse^2 mean of g (x - mean)).
// Without `centred` the mean of x is 0, and that of g is left out. f32, in a fixed order.
struct Constants {
  rows: u32,
  columns: u32,
  epsilon: f32,
  centred: u32,
  scaled: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read> scale: array<Element2>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<Element4>;
@group(0) @binding(5) var<uniform> constants: Constants;

fn scaled_gradient(at: u32, column: u32) -> f32 {
  let gradient = f32(dy[at]);
  if (constants.scaled == 1u) {
    return gradient * f32(scale[column]);
  }
  return gradient;
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
  var sum = 0.0;
  if (constants.centred == 1u) {
    for (var j = first_column(lane); j < columns; j += LANES) {
      sum += f32(x[start + j]);
    }
  }
  let mean = row_total(lane, sum) / f32(columns);
  var squares = 0.0;
  var gradients = 0.0;
  var products = 0.0;
  for (var j = first_column(lane); j < columns; j += LANES) {
    let difference = f32(x[start + j]) - mean;
    let gradient = scaled_gradient(start + j, j);
    squares += difference * difference;
    gradients += gradient;
    products += gradient * difference;
  }
  let inverse = 1.0 / sqrt(row_total(lane, squares) / f32(columns) + constants.epsilon);
  let all_gradients = row_total(lane, gradients) / f32(columns);
  let along = row_total(lane, products) * inverse * inverse / f32(columns);
  let shared_part = select(0.0, all_gradients, constants.centred == 1u);
  for (var j = first_column(lane); j < columns; j += LANES) {
    let difference = f32(x[start + j]) - mean;
    dx[start + j] = Element4(inverse * (scaled_gradient(start + j, j) - shared_part - difference * along));
  }
  if (first_column(lane) == 0u) {
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = inverse;
  }
}
