// Version 6: the next steps are on their way while these are multiplied.
//
// Each invocation loads its share of the next tiles into registers before the products of the current ones, and puts
// it into workgroup memory after them: the products hide the wait. Everything else is version 5.
const ROWS = 8u;
const SIDE = 64u;
const VECTORS = SIDE / 4u;
const STEPS = 16u;
const WORKGROUP = 128u;
const SHARE = SIDE * STEPS / 4u / WORKGROUP;

var<workgroup> tile_a: array<vec4<f32>, SIDE * STEPS / 4u>;
var<workgroup> tile_b: array<vec4<f32>, STEPS * VECTORS>;

// Vector i of a lane's share of the tiles of A and B that begin at step `first`. Past the end: the last tile again,
// which nobody multiplies.
fn a_share(tile: vec3<u32>, lane: u32, first: u32, i: u32) -> vec4<f32> {
  let at = lane + i * WORKGROUP;
  let begin = min(first, constants.k - STEPS);
  return a[(tile.y * SIDE + at / (STEPS / 4u)) * (constants.k / 4u) + begin / 4u + at % (STEPS / 4u)];
}
fn b_share(tile: vec3<u32>, lane: u32, first: u32, i: u32) -> vec4<f32> {
  let at = lane + i * WORKGROUP;
  let begin = min(first, constants.k - STEPS);
  return b[(begin + at / VECTORS) * (constants.n / 4u) + tile.x * VECTORS + at % VECTORS];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let lane_row = lane / VECTORS * ROWS;
  let lane_vector = lane % VECTORS;

  var next_a: array<vec4<f32>, SHARE>;
  var next_b: array<vec4<f32>, SHARE>;
  for (var i = 0u; i < SHARE; i++) {
    next_a[i] = a_share(tile, lane, 0u, i);
    next_b[i] = b_share(tile, lane, 0u, i);
  }

  var sums: array<vec4<f32>, ROWS>;
  for (var first = 0u; first < constants.k; first += STEPS) {
    workgroupBarrier();
    for (var i = 0u; i < SHARE; i++) {
      tile_a[lane + i * WORKGROUP] = next_a[i];
      tile_b[lane + i * WORKGROUP] = next_b[i];
    }
    workgroupBarrier();
    for (var i = 0u; i < SHARE; i++) {
      next_a[i] = a_share(tile, lane, first + STEPS, i);
      next_b[i] = b_share(tile, lane, first + STEPS, i);
    }
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
    c[(tile.y * SIDE + lane_row + i) * (constants.n / 4u) + tile.x * VECTORS + lane_vector] = sums[i];
  }
}
