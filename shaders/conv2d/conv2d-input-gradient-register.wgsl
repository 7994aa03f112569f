// The input gradient of a convolution for software adapters; lib/conv2d-input-gradient.wgsl says how it is a
// matrix product for each phase.
//
// One workgroup computes ROWS places of a phase and 4 WORKGROUP channels of one group; an invocation has four
// neighbouring channels of all ROWS places in registers (lib/register-tile.wgsl). The weights of a channel lie
// side by side for all filters, so an invocation reads four filters of each of its channels and turns the block.
// With the vec4 libraries the channels and the filters of a group are multiples of 4. Sums are f32. Places and
// channels past the end are computed as zero and not stored; places that no tap reaches are zero.
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let n = constants.group_channels;
  let row_tiles = (constants.phase_places + ROWS - 1u) / ROWS;
  let column_tiles = (n + 4u * WORKGROUP - 1u) / (4u * WORKGROUP);
  let tile = flat_workgroup(workgroup, workgroups);
  let g = constants.geometry;
  if (tile >= row_tiles * column_tiles * g.groups * g.stride_height * g.stride_width) {
    return;
  }
  let first_row = tile % row_tiles * ROWS;
  let product = tile / row_tiles / column_tiles;
  let group = product % constants.geometry.groups;
  let phase = phase_of(product / constants.geometry.groups);
  let m = constants.geometry.batch * phase.rows.places * phase.columns.places;
  if (first_row >= m) {
    return;
  }
  let column = (tile / row_tiles % column_tiles * WORKGROUP + lane) * 4u;
  let columns = n - min(column, n);

  var sources: array<Source, ROW_GROUPS>;
  for (var g = 0u; g < ROW_GROUPS; g++) {
    let row = first_row + g * LANES + subgroup_lane % LANES;
    sources[g] = source_of(phase, place_of(phase, row), group);
  }
  var sums: Sums;
  let taps = phase.rows.taps * phase.columns.taps;
  for (var u = 0u; u < taps; u++) {
    var runs: array<Run, ROW_GROUPS>;
    for (var g = 0u; g < ROW_GROUPS; g++) {
      runs[g] = run_of(phase, sources[g], u);
    }
    let b_first = (tap_of(phase, u) * n + column) * constants.geometry.filters + group * constants.group_filters;
    for (var t = 0u; t < constants.group_filters; t += 4u) {
      let left = constants.group_filters - t;
      let b_index = b_first + t;
      let y = transpose(mat4x4<f32>(
        b_vector(b_index, select(0u, left, columns > 0u)),
        b_vector(b_index + constants.geometry.filters, select(0u, left, columns > 1u)),
        b_vector(b_index + 2u * constants.geometry.filters, select(0u, left, columns > 2u)),
        b_vector(b_index + 3u * constants.geometry.filters, select(0u, left, columns > 3u)),
      ));
      for (var g = 0u; g < ROW_GROUPS; g++) {
        let x = a_vector(runs[g].index + i32(t), 0, select(0, i32(left), runs[g].inside));
        add_lanes(&sums, g * LANES, x, y);
      }
    }
  }

  let rows = min(ROWS, m - first_row);
  var place = place_of(phase, first_row);
  for (var row = 0u; row < rows; row++) {
    store_out(dx_index(phase, place) + group * n + column, columns, row_of(&sums, row));
    place = next_place(phase, place);
  }
}
