// The weight gradient of a convolution for software adapters; lib/conv2d-weight-gradient.wgsl says how it is a
// matrix product for each split.
//
// One workgroup computes ROWS = 16 rows and 4 WORKGROUP filters of one group and split; an invocation has four
// neighbouring filters of all 16 rows in registers. Loads are shared as in lib/register-tile.wgsl: lane i reads
// rows 4 (i % 4) onwards at position i / 4, so that LANES / 4 positions come with one load. With the vec4 libraries
// the channels and the filters of a group are multiples of 4. Sums are f32, positions in rising order, four at a
// time. Rows, filters and positions past the end are computed as zero and not stored.
const POSITIONS = LANES / 4u;
// Where position 1, 2 and 3 of four are: in which load, and how many lanes further.
const LOAD_1 = 1u / POSITIONS;
const LANE_1 = 1u % POSITIONS * 4u;
const LOAD_2 = 2u / POSITIONS;
const LANE_2 = 2u % POSITIONS * 4u;
const LOAD_3 = 3u / POSITIONS;
const LANE_3 = 3u % POSITIONS * 4u;

alias Loads = array<vec4<f32>, 4u / POSITIONS>;

// Adds four rows, from row `first` on, over four positions: x and y have a vector for each position.
fn add_rows(sums: ptr<function, Sums>, first: u32, x: mat4x4<f32>, y: mat4x4<f32>) {
  let rows = transpose(x);
  (*sums)[first + 0u] += y * rows[0];
  (*sums)[first + 1u] += y * rows[1];
  (*sums)[first + 2u] += y * rows[2];
  (*sums)[first + 3u] += y * rows[3];
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let m = constants.group_weights;
  let n = constants.group_filters;
  let row_tiles = (m + ROWS - 1u) / ROWS;
  let column_tiles = (n + 4u * WORKGROUP - 1u) / (4u * WORKGROUP);
  let tile = flat_workgroup(workgroup, workgroups);
  if (tile >= row_tiles * column_tiles * constants.geometry.groups * constants.splits) {
    return;
  }
  let first_row = tile % row_tiles * ROWS;
  let column = (tile / row_tiles % column_tiles * WORKGROUP + lane) * 4u;
  let columns = n - min(column, n);
  let group = tile / row_tiles / column_tiles % constants.geometry.groups;
  let split = tile / row_tiles / column_tiles / constants.geometry.groups;
  let channel = group * n + column;
  let end = split_end(split);

  let rows = rows_of(first_row + subgroup_lane % 4u * 4u, group);
  let step = position_of(POSITIONS);
  let own = subgroup_lane % LANES / 4u;
  var position = position_of(split_begin(split) + own);
  var sums: Sums;
  for (var k = split_begin(split); k < end; k += 4u) {
    let b_index = k * constants.geometry.filters + channel;
    let y = mat4x4<f32>(
      b_vector(b_index, columns),
      b_vector(b_index + constants.geometry.filters, select(0u, columns, k + 1u < end)),
      b_vector(b_index + 2u * constants.geometry.filters, select(0u, columns, k + 2u < end)),
      b_vector(b_index + 3u * constants.geometry.filters, select(0u, columns, k + 3u < end)),
    );
    var x: Loads;
    for (var i = 0u; i < 4u / POSITIONS; i++) {
      x[i] = rows_at(rows, position, k + i * POSITIONS + own < end);
      position = advance(position, step);
    }
    add_rows(&sums, 0u, mat4x4<f32>(
      subgroupBroadcast(x[0], 0u),
      subgroupBroadcast(x[LOAD_1], 0u + LANE_1),
      subgroupBroadcast(x[LOAD_2], 0u + LANE_2),
      subgroupBroadcast(x[LOAD_3], 0u + LANE_3),
    ), y);
    add_rows(&sums, 4u, mat4x4<f32>(
      subgroupBroadcast(x[0], 1u),
      subgroupBroadcast(x[LOAD_1], 1u + LANE_1),
      subgroupBroadcast(x[LOAD_2], 1u + LANE_2),
      subgroupBroadcast(x[LOAD_3], 1u + LANE_3),
    ), y);
    add_rows(&sums, 8u, mat4x4<f32>(
      subgroupBroadcast(x[0], 2u),
      subgroupBroadcast(x[LOAD_1], 2u + LANE_1),
      subgroupBroadcast(x[LOAD_2], 2u + LANE_2),
      subgroupBroadcast(x[LOAD_3], 2u + LANE_3),
    ), y);
    add_rows(&sums, 12u, mat4x4<f32>(
      subgroupBroadcast(x[0], 3u),
      subgroupBroadcast(x[LOAD_1], 3u + LANE_1),
      subgroupBroadcast(x[LOAD_2], 3u + LANE_2),
      subgroupBroadcast(x[LOAD_3], 3u + LANE_3),
    ), y);
  }

  let stored = min(ROWS, m - first_row);
  for (var row = 0u; row < stored; row++) {
    store_out((split * m + first_row + row) * constants.geometry.filters + channel, columns, row_of(&sums, row));
  }
}
