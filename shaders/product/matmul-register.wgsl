// C[m, n] = epilogue(sum over k of A[m, k] B[k, n]) for software adapters; see src/ops/product/matmul-attributes.ts.
//
// One workgroup computes ROWS rows and 4 WORKGROUP columns; an invocation has four neighbouring columns of all
// ROWS rows in registers (lib/register-tile.wgsl). Sums are f32, k in rising order, four steps at a time. Rows,
// columns and steps past the end are computed as zero and not stored.
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let m = constants.m;
  let n = constants.n;
  let row_tiles = (m + ROWS - 1u) / ROWS;
  let column_tiles = (n + 4u * WORKGROUP - 1u) / (4u * WORKGROUP);
  let tile = flat_workgroup(workgroup, workgroups);
  if (tile >= constants.batch * row_tiles * column_tiles) {
    return;
  }
  let first_row = tile % row_tiles * ROWS;
  let column = (tile / row_tiles % column_tiles * WORKGROUP + lane) * 4u;
  let product = product_at(tile / row_tiles / column_tiles);

  var sums: Sums;
  for (var step = 0u; step < constants.k; step += 4u) {
    let y = mat4x4<f32>(
      b_four(product, step, column),
      b_four(product, step + 1u, column),
      b_four(product, step + 2u, column),
      b_four(product, step + 3u, column),
    );
    for (var g = 0u; g < ROW_GROUPS; g++) {
      let x = a_four(product, first_row + g * LANES + subgroup_lane % LANES, step);
      add_lanes(&sums, g * LANES, x, y);
    }
  }

  let rows = min(ROWS, m - first_row);
  for (var row = 0u; row < rows; row++) {
    let sum = row_of(&sums, row);
    if (column < n) {
      finish(sum, constants.epilogue, column, product.out + (first_row + row) * product.out_row + column, n - column);
    }
  }
}
