// Version 3: an invocation computes 8 x 4 elements of C in registers.
//
// Eight elements of A and four of B make 32 products: three loads for every eight of them, where it was two for each.
// A workgroup of 8 x 16 invocations covers 64 x 64. An invocation's columns are sixteen apart, so that neighbouring
// lanes still load neighbours.
const ROWS = 8u;
const COLUMNS = 4u;
const LANES = 16u;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first_row = tile.y * 64u + lane / LANES * ROWS;
  let first_column = tile.x * 64u + lane % LANES;

  var sums: array<array<f32, COLUMNS>, ROWS>;
  for (var step = 0u; step < constants.k; step++) {
    var y: array<f32, COLUMNS>;
    for (var j = 0u; j < COLUMNS; j++) {
      y[j] = b[step * constants.n + first_column + j * LANES];
    }
    for (var i = 0u; i < ROWS; i++) {
      let x = a[(first_row + i) * constants.k + step];
      for (var j = 0u; j < COLUMNS; j++) {
        sums[i][j] += x * y[j];
      }
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    for (var j = 0u; j < COLUMNS; j++) {
      c[(first_row + i) * constants.n + first_column + j * LANES] = sums[i][j];
    }
  }
}
