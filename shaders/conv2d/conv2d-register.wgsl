// The forward convolution for software adapters; its formula stands in src/ops/conv2d/conv2d-attributes.ts, and
// lib/conv2d-constants.wgsl says how it is a matrix product.
//
// One workgroup computes ROWS places of the output and 4 WORKGROUP filters of one group; an invocation has four
// neighbouring filters of all ROWS places in registers (lib/register-tile.wgsl). With the vec4 libraries the
// channels and the filters of a group are multiples of 4. Sums are f32, in the order of the weights. Places and
// filters past the end are computed as zero and not stored.
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let m = constants.geometry.batch * constants.geometry.out_height * constants.geometry.out_width;
  let n = constants.group_filters;
  let row_tiles = (m + ROWS - 1u) / ROWS;
  let column_tiles = (n + 4u * WORKGROUP - 1u) / (4u * WORKGROUP);
  let tile = flat_workgroup(workgroup, workgroups);
  if (tile >= row_tiles * column_tiles * constants.geometry.groups) {
    return;
  }
  let first_row = tile % row_tiles * ROWS;
  let group = tile / row_tiles / column_tiles;
  let column = (tile / row_tiles % column_tiles * WORKGROUP + lane) * 4u;
  let columns = n - min(column, n);
  let channel = group * n + column;

  var windows: array<Window, ROW_GROUPS>;
  for (var g = 0u; g < ROW_GROUPS; g++) {
    windows[g] = window_of(first_row + g * LANES + subgroup_lane % LANES, group);
  }
  var sums: Sums;
  var b_row = channel;
  for (var u = 0u; u < constants.runs; u++) {
    var runs: array<Run, ROW_GROUPS>;
    for (var g = 0u; g < ROW_GROUPS; g++) {
      runs[g] = run_of(windows[g], u);
    }
    for (var t = 0u; t < constants.run_length; t += 4u) {
      let left = constants.run_length - t;
      let b_index = b_row + t * constants.geometry.filters;
      let y = mat4x4<f32>(
        b_vector(b_index, columns),
        b_vector(b_index + constants.geometry.filters, select(0u, columns, left > 1u)),
        b_vector(b_index + 2u * constants.geometry.filters, select(0u, columns, left > 2u)),
        b_vector(b_index + 3u * constants.geometry.filters, select(0u, columns, left > 3u)),
      );
      for (var g = 0u; g < ROW_GROUPS; g++) {
        let x = a_vector(runs[g].index + i32(t), runs[g].first - i32(t), runs[g].last - i32(t));
        add_lanes(&sums, g * LANES, x, y);
      }
    }
    b_row += constants.run_length * constants.geometry.filters;
  }

  let rows = min(ROWS, m - first_row);
  for (var row = 0u; row < rows; row++) {
    let sum = row_of(&sums, row);
    if (columns > 0u) {
      finish(sum, constants.epilogue, channel, (first_row + row) * constants.geometry.filters + channel, columns);
    }
  }
}
