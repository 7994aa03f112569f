// The input gradient of a convolution for GPUs; lib/conv2d-input-gradient.wgsl says how it is a matrix product for
// each phase.
//
// One workgroup computes TILE_ROWS places of a phase and TILE_COLUMNS channels of one group
// (lib/workgroup-tile-turned.wgsl). With the vec4 libraries the channels and the filters of a group are multiples
// of 4. Sums are f32. Places and channels past the end are computed as zero and not stored; places that no tap
// reaches are zero. conv2d-whole.wgsl or conv2d-splits.wgsl says which filters.
struct Tile {
  phase: Phase,
  group: u32,
  first_row: u32,
  first_column: u32,
}

// A lane's share of the filters from `step` of a tap on.
fn load_share(lane: u32, tile: Tile, sources: ptr<function, array<Source, A_SHARE>>, tap: u32, step: u32) -> Share {
  var share: Share;
  for (var i = 0u; i < A_SHARE; i++) {
    let run = run_of(tile.phase, (*sources)[i], tap);
    let t = step + line_step(lane, i);
    let left = i32(constants.group_filters) - i32(t);
    share.a[i] = a_vector(run.index + i32(t), 0, select(0, left, run.inside));
  }
  let n = constants.group_channels;
  let exists = tap < tile.phase.rows.taps * tile.phase.columns.taps;
  for (var i = 0u; i < B_SHARE; i++) {
    let t = step + line_step(lane, i);
    let column = tile.first_column + line(lane, i);
    let left = constants.group_filters - min(t, constants.group_filters);
    let index = (tap_of(tile.phase, tap) * n + column) * constants.geometry.filters + tile.group * constants.group_filters;
    share.b[i] = b_vector(index + t, select(0u, left, exists && column < n));
  }
  return share;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = constants.group_channels;
  let row_tiles = (constants.phase_places + TILE_ROWS - 1u) / TILE_ROWS;
  let column_tiles = (n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let index = flat_workgroup(workgroup, workgroups);
  let products = constants.geometry.groups * constants.geometry.stride_height * constants.geometry.stride_width;
  if (index >= row_tiles * column_tiles * products * split_count()) {
    return;
  }
  let product = index / column_tiles / row_tiles % products;
  let split = index / column_tiles / row_tiles / products;
  let tile = Tile(
    phase_of(product / constants.geometry.groups),
    product % constants.geometry.groups,
    index / column_tiles % row_tiles * TILE_ROWS,
    index % column_tiles * TILE_COLUMNS,
  );
  let m = constants.geometry.batch * tile.phase.rows.places * tile.phase.columns.places;
  if (tile.first_row >= m) {
    return;
  }

  var sources: array<Source, A_SHARE>;
  for (var i = 0u; i < A_SHARE; i++) {
    sources[i] = source_of(tile.phase, place_of(tile.phase, tile.first_row + line(lane, i)), tile.group);
  }
  var sums: Sums;
  let taps = tile.phase.rows.taps * tile.phase.columns.taps;
  let begin = split_begin(split);
  let end = split_end(split, constants.group_filters);
  var share = load_share(lane, tile, &sources, 0u, begin);
  var tap = 0u;
  var step = begin;
  while (tap < taps) {
    store_share(lane, &share);
    step += TILE_K;
    if (step >= end) {
      step = begin;
      tap++;
    }
    share = load_share(lane, tile, &sources, tap, step);
    add_tile(lane, &sums);
  }

  let g = constants.geometry;
  let split_first = split * g.batch * g.height * g.width * g.channels;
  for (var r = 0u; r < ROWS; r++) {
    let row = tile.first_row + sum_row(lane, r);
    if (row < m) {
      let sum = row_of(&sums, r);
      let first = split_first + dx_index(tile.phase, place_of(tile.phase, row)) + tile.group * n;
      // The lane's columns are not neighbours.
      for (var j = 0u; j < 4u; j++) {
        let column = tile.first_column + sum_column(lane, j);
        if (column < n) {
          finish_one(sum[j], first + column);
        }
      }
    }
  }
}
