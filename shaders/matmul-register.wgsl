// C[m, n] = epilogue(sum over k of A[m, k] B[k, n]) for software adapters; see src/ops/matmul-attributes.ts.
//
// One workgroup computes ROWS rows and 4 WORKGROUP columns; an invocation has four neighbouring columns of all
// ROWS rows in registers (lib/register-tile.wgsl). Row-major, neither factor transposed; k and, with the vec4
// libraries, n are multiples of 4. Sums are f32, k in rising order. Rows and columns past the end are computed as
// zero and not stored.
struct Constants {
  batch: u32,
  m: u32,
  n: u32,
  k: u32,
  batch_stride_a: u32,
  batch_stride_b: u32,
  transpose_a: u32,
  transpose_b: u32,
  epilogue: u32,
}

@group(0) @binding(6) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let m = constants.m;
  let n = constants.n;
  let k = constants.k;
  let column_tiles = (n + 4u * WORKGROUP - 1u) / (4u * WORKGROUP);
  let row_tiles = (m + ROWS - 1u) / ROWS;
  let tile = flat_workgroup(workgroup, groups);
  if (tile >= constants.batch * row_tiles * column_tiles) {
    return;
  }
  let product = tile / (row_tiles * column_tiles);
  let first_row = tile / column_tiles % row_tiles * ROWS;
  let column = (tile % column_tiles * WORKGROUP + lane) * 4u;
  let columns = n - min(column, n);

  let a_lane = product * constants.batch_stride_a + (first_row + subgroup_lane % LANES) * k;
  let b_column = product * constants.batch_stride_b + column;
  var sums: Sums;
  for (var step = 0u; step < k; step += 4u) {
    var x: array<vec4<f32>, ROW_GROUPS>;
    for (var g = 0u; g < ROW_GROUPS; g++) {
      let inside = first_row + g * LANES + subgroup_lane % LANES < m;
      x[g] = a_vector(i32(a_lane + g * LANES * k + step), 0, select(0, i32(k - step), inside));
    }
    let y = b_rows(b_column + step * n, n, columns, k - step);
    for (var g = 0u; g < ROW_GROUPS; g++) {
      add_lanes(&sums, g * LANES, x[g], y);
    }
  }

  let rows = min(ROWS, m - first_row);
  for (var row = 0u; row < rows; row++) {
    let sum = row_of(&sums, row);
    if (columns > 0u) {
      finish(sum, constants.epilogue, column, (product * m + first_row + row) * n + column, columns);
    }
  }
}
