// The workgroup tile of workgroup-tile.wgsl for a second factor whose steps, not columns, lie side by side in
// memory: the weights of an input gradient.
//
// Both factors lie in workgroup memory with four neighbouring steps of a line (a row of the first factor, a column
// of the second) side by side, each line padded by one vector. An invocation's four columns are spread over the
// tile, as its rows are, so that lanes meet different banks; neighbouring lanes have neighbouring columns.
const TILE_K = 16u;
const COLUMN_LANES = TILE_COLUMNS / 4u;
const ROW_LANES = TILE_ROWS / ROWS;
const WORKGROUP = ROW_LANES * COLUMN_LANES;
const STRIDE = TILE_K / 4u + 1u;
// Vectors that an invocation brings for each tile.
const A_SHARE = TILE_ROWS * (TILE_K / 4u) / WORKGROUP;
const B_SHARE = TILE_COLUMNS * (TILE_K / 4u) / WORKGROUP;

alias Sums = array<vec4<f32>, ROWS>;

struct Share {
  a: array<vec4<f32>, A_SHARE>,
  b: array<vec4<f32>, B_SHARE>,
}

var<workgroup> tile_a: array<vec4<f32>, TILE_ROWS * STRIDE>;
var<workgroup> tile_b: array<vec4<f32>, TILE_COLUMNS * STRIDE>;

// Line, and first step, of vector i of this lane's share of either factor.
fn line(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) / (TILE_K / 4u);
}
fn line_step(lane: u32, i: u32) -> u32 {
  return (lane + i * WORKGROUP) % (TILE_K / 4u) * 4u;
}

// Row r of the ROWS that a lane computes, and column j of its four.
fn sum_row(lane: u32, r: u32) -> u32 {
  return lane / COLUMN_LANES + r * ROW_LANES;
}
fn sum_column(lane: u32, j: u32) -> u32 {
  return lane % COLUMN_LANES + j * COLUMN_LANES;
}

// Puts every lane's share where all can read it.
fn store_share(lane: u32, share: ptr<function, Share>) {
  workgroupBarrier();
  for (var i = 0u; i < A_SHARE; i++) {
    tile_a[line(lane, i) * STRIDE + line_step(lane, i) / 4u] = (*share).a[i];
  }
  for (var i = 0u; i < B_SHARE; i++) {
    tile_b[line(lane, i) * STRIDE + line_step(lane, i) / 4u] = (*share).b[i];
  }
  workgroupBarrier();
}

// Adds the products of the tiles to a lane's sums.
fn add_tile(lane: u32, sums: ptr<function, Sums>) {
  for (var step = 0u; step < TILE_K / 4u; step++) {
    let y = transpose(mat4x4<f32>(
      tile_b[sum_column(lane, 0u) * STRIDE + step],
      tile_b[sum_column(lane, 1u) * STRIDE + step],
      tile_b[sum_column(lane, 2u) * STRIDE + step],
      tile_b[sum_column(lane, 3u) * STRIDE + step],
    ));
    for (var r = 0u; r < ROWS; r++) {
      (*sums)[r] += y * tile_a[sum_row(lane, r) * STRIDE + step];
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
