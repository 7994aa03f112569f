// The weight gradient of a convolution for GPUs; lib/conv2d-weight-gradient.wgsl says how it is a matrix product
// for each split.
//
// One workgroup computes TILE_ROWS rows and TILE_COLUMNS filters of one group and split
// (lib/workgroup-tile-steps.wgsl). With the vec4 libraries the channels and the filters of a group are multiples of
// 4. Sums are f32, positions in rising order. Rows, filters and positions past the end are computed as zero and not
// stored.
// Where a lane's share lies: four rows of the first factor; four filters of dy, from first_filter of all on, of
// which `filters` exist.
struct Lines {
  rows: Rows,
  first_filter: u32,
  filters: u32,
}

alias Positions = array<Position, A_SHARE>;

// A lane's share of the positions k .. end - 1; `positions` are those of its vectors of the first factor.
fn load_share(lane: u32, lines: Lines, positions: ptr<function, Positions>, k: u32, end: u32) -> Share {
  var share: Share;
  for (var i = 0u; i < A_SHARE; i++) {
    share.a[i] = rows_at(lines.rows, (*positions)[i], k + a_step(lane, i) < end);
  }
  for (var i = 0u; i < B_SHARE; i++) {
    let position = k + b_step(lane, i);
    let count = select(0u, lines.filters, position < end);
    share.b[i] = b_vector(position * constants.geometry.filters + lines.first_filter, count);
  }
  return share;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = constants.group_weights;
  let n = constants.group_filters;
  let row_tiles = (m + TILE_ROWS - 1u) / TILE_ROWS;
  let column_tiles = (n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let index = flat_workgroup(workgroup, workgroups);
  if (index >= row_tiles * column_tiles * constants.geometry.groups * constants.splits) {
    return;
  }
  let first_row = index / column_tiles % row_tiles * TILE_ROWS;
  let first_column = index % column_tiles * TILE_COLUMNS;
  let group = index / column_tiles / row_tiles % constants.geometry.groups;
  let split = index / column_tiles / row_tiles / constants.geometry.groups;
  let begin = split_begin(split);
  let end = split_end(split);
  let own_column = first_column + b_column(lane);
  let lines = Lines(
    rows_of(first_row + a_row(lane), group),
    group * n + own_column,
    n - min(own_column, n),
  );

  let step = position_of(TILE_K);
  var positions: Positions;
  for (var i = 0u; i < A_SHARE; i++) {
    positions[i] = position_of(begin + a_step(lane, i));
  }
  var sums: Sums;
  var share = load_share(lane, lines, &positions, begin, end);
  for (var k = begin; k < end; k += TILE_K) {
    store_share(lane, &share);
    for (var i = 0u; i < A_SHARE; i++) {
      positions[i] = advance(positions[i], step);
    }
    share = load_share(lane, lines, &positions, k + TILE_K, end);
    add_tile(lane, &sums);
  }

  let column = first_column + sum_column(lane);
  let columns = n - min(column, n);
  for (var r = 0u; r < ROWS; r++) {
    let row = first_row + sum_row(lane, r);
    if (row < m) {
      let index = (split * m + row) * constants.geometry.filters + group * n + column;
      store_out(index, columns, row_of(&sums, r));
    }
  }
}
