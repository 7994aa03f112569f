// The forward convolution for GPUs; its formula stands in src/ops/conv2d/conv2d-attributes.ts, and
// lib/conv2d-constants.wgsl says how it is a matrix product.
//
// One workgroup computes TILE_ROWS places of the output and TILE_COLUMNS filters of one group
// (lib/workgroup-tile.wgsl). With the vec4 libraries the channels and the filters of a group are multiples of 4.
// Sums are f32, in the order of the weights. Places and filters past the end are computed as zero and not stored.
// conv2d-whole.wgsl or conv2d-splits.wgsl says which steps.
struct Tile {
  group: u32,
  first_row: u32,
  first_column: u32,
}

// A lane's share of the steps from `step` of a run on.
fn load_share(lane: u32, tile: Tile, windows: ptr<function, array<Window, A_SHARE>>, run: u32, step: u32) -> Share {
  var share: Share;
  for (var i = 0u; i < A_SHARE; i++) {
    let elements = run_of((*windows)[i], run);
    let t = i32(step + a_step(lane, i));
    share.a[i] = a_vector(elements.index + t, elements.first - t, elements.last - t);
  }
  let n = constants.group_filters;
  for (var i = 0u; i < B_SHARE; i++) {
    let t = step + b_step(lane, i);
    let column = tile.first_column + b_column(lane, i);
    let columns = select(0u, n - min(column, n), t < constants.run_length && run < constants.runs);
    let row = run * constants.run_length + t;
    share.b[i] = b_vector(row * constants.geometry.filters + tile.group * n + column, columns);
  }
  return share;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = constants.geometry.batch * constants.geometry.out_height * constants.geometry.out_width;
  let n = constants.group_filters;
  let row_tiles = (m + TILE_ROWS - 1u) / TILE_ROWS;
  let column_tiles = (n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let index = flat_workgroup(workgroup, workgroups);
  if (index >= row_tiles * column_tiles * constants.geometry.groups * split_count()) {
    return;
  }
  let tile = Tile(
    index / column_tiles / row_tiles % constants.geometry.groups,
    index / column_tiles % row_tiles * TILE_ROWS,
    index % column_tiles * TILE_COLUMNS,
  );

  var windows: array<Window, A_SHARE>;
  for (var i = 0u; i < A_SHARE; i++) {
    windows[i] = window_of(tile.first_row + a_row(lane, i), tile.group);
  }
  let split = index / column_tiles / row_tiles / constants.geometry.groups;
  let begin = split_begin(split);
  let split_stop = split_end(split, constants.run_length);
  var sums: Sums;
  var share = load_share(lane, tile, &windows, 0u, begin);
  var run = 0u;
  var step = begin;
  while (run < constants.runs) {
    store_share(lane, &share);
    step += TILE_K;
    if (step >= split_stop) {
      step = begin;
      run++;
    }
    share = load_share(lane, tile, &windows, run, step);
    add_tile(lane, &sums);
  }

  let end = min(tile.first_row + TILE_ROWS, m);
  for (var j = 0u; j < COLUMN_FOURS; j++) {
    let column = tile.first_column + sum_column(lane, j);
    if (column >= n) {
      break;
    }
    let channel = tile.group * n + column;
    var r = 0u;
    for (var row = tile.first_row + sum_row(lane, 0u); row < end; row += ROW_LANES) {
      let index = (split * m + row) * constants.geometry.filters + channel;
      finish(four_of(&sums, r, j), constants.epilogue, channel, index, n - column);
      r++;
    }
  }
}
