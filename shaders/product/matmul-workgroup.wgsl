// C[m, n] = epilogue(sum over k of A[m, k] B[k, n]) for GPUs; see src/ops/product/matmul-attributes.ts.
//
// One workgroup computes TILE_ROWS x TILE_COLUMNS of one product (lib/workgroup-tile.wgsl). Sums are f32, k in
// rising order. Rows, columns and steps past the end are computed as zero and not stored.
fn load_share(lane: u32, product: Product, first_row: u32, first_column: u32, step: u32) -> Share {
  var share: Share;
  for (var i = 0u; i < A_SHARE; i++) {
    share.a[i] = a_four(product, first_row + a_row(lane, i), step + a_step(lane, i));
  }
  for (var i = 0u; i < B_SHARE; i++) {
    share.b[i] = b_four(product, step + b_step(lane, i), first_column + b_column(lane, i));
  }
  return share;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let m = constants.m;
  let n = constants.n;
  let row_tiles = (m + TILE_ROWS - 1u) / TILE_ROWS;
  let column_tiles = (n + TILE_COLUMNS - 1u) / TILE_COLUMNS;
  let tile = flat_workgroup(workgroup, workgroups);
  if (tile >= constants.batch * row_tiles * column_tiles) {
    return;
  }
  let first_column = tile % column_tiles * TILE_COLUMNS;
  let first_row = tile / column_tiles % row_tiles * TILE_ROWS;
  let product = product_at(tile / column_tiles / row_tiles);

  var sums: Sums;
  var share = load_share(lane, product, first_row, first_column, 0u);
  for (var step = 0u; step < constants.k; step += TILE_K) {
    store_share(lane, &share);
    share = load_share(lane, product, first_row, first_column, step + TILE_K);
    add_tile(lane, &sums);
  }

  let end = min(first_row + TILE_ROWS, m);
  for (var j = 0u; j < COLUMN_FOURS; j++) {
    let column = first_column + sum_column(lane, j);
    if (column >= n) {
      break;
    }
    var r = 0u;
    for (var row = first_row + sum_row(lane, 0u); row < end; row += ROW_LANES) {
      let index = product.out + row * product.out_row + column;
      finish(four_of(&sums, r, j), constants.epilogue, column, index, n - column);
      r++;
    }
  }
}
