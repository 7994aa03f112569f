// The workgroup tile of workgroup-tile.wgsl for a first factor whose rows, not steps, lie side by side in memory:
// the image of a weight gradient.
//
// Both factors lie in workgroup memory step by step, four neighbouring rows of the first or columns of the second
// to a vector; lanes that read at the same time read one vector or neighbouring ones. ROWS is a multiple of 4.
const TILE_K = 16u;
const COLUMN_LANES = TILE_COLUMNS / 4u;
const ROW_LANES = TILE_ROWS / ROWS;
const WORKGROUP = ROW_LANES * COLUMN_LANES;
const ROW_VECTORS = TILE_ROWS / 4u;
// Vectors that an invocation brings for each tile.
const A_SHARE = TILE_K * ROW_VECTORS / WORKGROUP;
const B_SHARE = TILE_K * COLUMN_LANES / WORKGROUP;

alias Sums = array<vec4<f32>, ROWS>;

struct Share {
  a: array<vec4<f32>, A_SHARE>,
  b: array<vec4<f32>, B_SHARE>,
}

var<workgroup> tile_a: array<vec4<f32>, TILE_K * ROW_VECTORS>;
var<workgroup> tile_b: array<vec4<f32>, TILE_K * COLUMN_LANES>;

// Step, and first row, of vector i of this lane's share of the first factor. WORKGROUP is a multiple of the
// vectors of a step, so the row is the same for every i.
fn a_step(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) / ROW_VECTORS;
}
fn a_row(lane: u32) -> u32 {
  return lane % ROW_VECTORS * 4u;
}

// The same of the second factor, whose lines are columns.
fn b_step(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) / COLUMN_LANES;
}
fn b_column(lane: u32) -> u32 {
  return lane % COLUMN_LANES * 4u;
}

// Row r of the ROWS that a lane computes (fours of neighbours, spread over the tile), and its first column.
fn sum_row(lane: u32, r: u32) -> u32 {
  return (lane / COLUMN_LANES + r / 4u * ROW_LANES) * 4u + r % 4u;
}
fn sum_column(lane: u32) -> u32 {
  return lane % COLUMN_LANES * 4u;
}

// Puts every lane's share where all can read it.
fn store_share(lane: u32, share: ptr<function, Share>) {
  workgroupBarrier();
  for (var i = 0u; i < A_SHARE; i++) {
    tile_a[lane + i * WORKGROUP] = (*share).a[i];
  }
  for (var i = 0u; i < B_SHARE; i++) {
    tile_b[lane + i * WORKGROUP] = (*share).b[i];
  }
  workgroupBarrier();
}

// Adds the products of the tiles to a lane's sums.
fn add_tile(lane: u32, sums: ptr<function, Sums>) {
  for (var step = 0u; step < TILE_K; step++) {
    let y = tile_b[step * COLUMN_LANES + lane % COLUMN_LANES];
    for (var r = 0u; r < ROWS; r += 4u) {
      let x = tile_a[step * ROW_VECTORS + sum_row(lane, r) / 4u];
      (*sums)[r] += y * x.x;
      (*sums)[r + 1u] += y * x.y;
      (*sums)[r + 2u] += y * x.z;
      (*sums)[r + 3u] += y * x.w;
    }
  }
}

// The sums of row r of the ROWS that a lane computes; see register-tile.wgsl for why they are picked like this.
fn row_of(sums: ptr<function, Sums>, r: u32) -> vec4<f32> {
  var result = (*sums)[0];
  for (var i = 1u; i < ROWS; i++) {
    result = select(result, (*sums)[i], r == i);
  }
  return result;
}
