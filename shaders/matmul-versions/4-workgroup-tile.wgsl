// Version 4: sixteen steps of both factors lie in workgroup memory while they are multiplied.
//
// The sixteen invocations that need the same element of A, and the eight that need the same of B, no longer load it
// each for themselves: a workgroup brings every element of its tiles once. Blocks of 8 x 4 as in version 3.
const ROWS = 8u;
const COLUMNS = 4u;
const LANES = 16u;
const SIDE = 64u;
const STEPS = 16u;
const WORKGROUP = 128u;

var<workgroup> tile_a: array<f32, SIDE * STEPS>;
var<workgroup> tile_b: array<f32, STEPS * SIDE>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let lane_row = lane / LANES * ROWS;
  let lane_column = lane % LANES;

  var sums: array<array<f32, COLUMNS>, ROWS>;
  for (var first = 0u; first < constants.k; first += STEPS) {
    workgroupBarrier();
    for (var at = lane; at < SIDE * STEPS; at += WORKGROUP) {
      tile_a[at] = a[(tile.y * SIDE + at / STEPS) * constants.k + first + at % STEPS];
      tile_b[at] = b[(first + at / SIDE) * constants.n + tile.x * SIDE + at % SIDE];
    }
    workgroupBarrier();
    for (var step = 0u; step < STEPS; step++) {
      var y: array<f32, COLUMNS>;
      for (var j = 0u; j < COLUMNS; j++) {
        y[j] = tile_b[step * SIDE + lane_column + j * LANES];
      }
      for (var i = 0u; i < ROWS; i++) {
        let x = tile_a[(lane_row + i) * STEPS + step];
        for (var j = 0u; j < COLUMNS; j++) {
          sums[i][j] += x * y[j];
        }
      }
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    for (var j = 0u; j < COLUMNS; j++) {
      c[(tile.y * SIDE + lane_row + i) * constants.n + tile.x * SIDE + lane_column + j * LANES] = sums[i][j];
    }
  }
}
