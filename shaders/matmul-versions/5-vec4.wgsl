// Version 5: four neighbours at once.
//
// One load brings four steps of a row of A, or four columns of a step of B, and one instruction multiplies and adds
// four columns. Tiles in workgroup memory as in version 4; a block's four columns are neighbours.
const ROWS = 8u;
const SIDE = 64u;
const VECTORS = SIDE / 4u;
const STEPS = 16u;
const WORKGROUP = 128u;

var<workgroup> tile_a: array<vec4<f32>, SIDE * STEPS / 4u>;
var<workgroup> tile_b: array<vec4<f32>, STEPS * VECTORS>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let lane_row = lane / VECTORS * ROWS;
  let lane_vector = lane % VECTORS;
  let n = constants.n / 4u;
  let k = constants.k / 4u;

  var sums: array<vec4<f32>, ROWS>;
  for (var first = 0u; first < constants.k; first += STEPS) {
    workgroupBarrier();
    for (var at = lane; at < SIDE * STEPS / 4u; at += WORKGROUP) {
      tile_a[at] = a[(tile.y * SIDE + at / (STEPS / 4u)) * k + first / 4u + at % (STEPS / 4u)];
      tile_b[at] = b[(first + at / VECTORS) * n + tile.x * VECTORS + at % VECTORS];
    }
    workgroupBarrier();
    for (var step = 0u; step < STEPS; step += 4u) {
      let at = step * VECTORS + lane_vector;
      let y = mat4x4<f32>(
        tile_b[at],
        tile_b[at + VECTORS],
        tile_b[at + 2u * VECTORS],
        tile_b[at + 3u * VECTORS],
      );
      for (var i = 0u; i < ROWS; i++) {
        sums[i] += y * tile_a[(lane_row + i) * (STEPS / 4u) + step / 4u];
      }
    }
  }

  for (var i = 0u; i < ROWS; i++) {
    c[(tile.y * SIDE + lane_row + i) * n + tile.x * VECTORS + lane_vector] = sums[i];
  }
}
