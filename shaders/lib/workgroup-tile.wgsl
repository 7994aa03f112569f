// The workgroup tile of products on GPUs: TILE_ROWS x TILE_COLUMNS sums, ROWS x 4 COLUMN_FOURS in each invocation.
//
// TILE_K steps of both factors lie in workgroup memory: of the first factor four neighbouring steps of a row side
// by side, of the second four neighbouring columns of a step. While they are multiplied, each invocation already
// holds its share of the next steps in registers. Rows of the first factor are padded by one vector, and an
// invocation's rows are spread over the tile, so that lanes meet different banks. At most 14 KiB of workgroup
// memory and 256 invocations: what every WebGPU adapter has.
const TILE_K = 16u;
// Vectors in a row of the tile, and lanes that share it.
const TILE_FOURS = TILE_COLUMNS / 4u;
const COLUMN_LANES = TILE_FOURS / COLUMN_FOURS;
const ROW_LANES = TILE_ROWS / ROWS;
const WORKGROUP = ROW_LANES * COLUMN_LANES;
const A_STRIDE = TILE_K / 4u + 1u;
// Vectors that an invocation brings for each tile.
const A_SHARE = TILE_ROWS * (TILE_K / 4u) / WORKGROUP;
const B_SHARE = TILE_K * TILE_FOURS / WORKGROUP;

// Row after row.
alias Sums = array<vec4<f32>, ROWS * COLUMN_FOURS>;

struct Share {
  a: array<vec4<f32>, A_SHARE>,
  b: array<vec4<f32>, B_SHARE>,
}

var<workgroup> tile_a: array<vec4<f32>, TILE_ROWS * A_STRIDE>;
var<workgroup> tile_b: array<vec4<f32>, TILE_K * TILE_FOURS>;

// Row, and first step, of vector i of this lane's share of the first factor.
fn a_row(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) / (TILE_K / 4u);
}
fn a_step(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) % (TILE_K / 4u) * 4u;
}

// Step, and first column, of vector i of this lane's share of the second factor.
fn b_step(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) / TILE_FOURS;
}
fn b_column(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) % TILE_FOURS * 4u;
}

// Row r of the ROWS that a lane computes, and the first column of its four number j.
fn sum_row(lane: u32, r: u32) -> u32 {
  return lane / COLUMN_LANES + r * ROW_LANES;
}
fn sum_column(lane: u32, j: u32) -> u32 {
  return (lane % COLUMN_LANES + j * COLUMN_LANES) * 4u;
}

// Puts every lane's share where all can read it.
fn store_share(lane: u32, share: ptr<function, Share>) {
  workgroupBarrier();
  for (var i = 0u; i < A_SHARE; i++) {
    tile_a[a_row(lane, i) * A_STRIDE + a_step(lane, i) / 4u] = (*share).a[i];
  }
  for (var i = 0u; i < B_SHARE; i++) {
    tile_b[lane + i * WORKGROUP] = (*share).b[i];
  }
  workgroupBarrier();
}

// Adds the products of the tiles to a lane's sums.
fn add_tile(lane: u32, sums: ptr<function, Sums>) {
  for (var step = 0u; step < TILE_K; step += 4u) {
    for (var j = 0u; j < COLUMN_FOURS; j++) {
      let first = step * TILE_FOURS + sum_column(lane, j) / 4u;
      let y = mat4x4<f32>(
        tile_b[first],
        tile_b[first + TILE_FOURS],
        tile_b[first + 2u * TILE_FOURS],
        tile_b[first + 3u * TILE_FOURS],
      );
      for (var r = 0u; r < ROWS; r++) {
        (*sums)[r * COLUMN_FOURS + j] += y * tile_a[sum_row(lane, r) * A_STRIDE + step / 4u];
      }
    }
  }
}

// Four number j of row r of those that a lane computes; see register-tile.wgsl for why they are picked like this.
fn four_of(sums: ptr<function, Sums>, r: u32, j: u32) -> vec4<f32> {
  var result = (*sums)[0];
  for (var i = 1u; i < ROWS * COLUMN_FOURS; i++) {
    result = select(result, (*sums)[i], r * COLUMN_FOURS + j == i);
  }
  return result;
}
