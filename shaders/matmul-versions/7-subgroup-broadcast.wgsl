// Version 7, for processors that play a GPU: no workgroup memory; the lanes of a subgroup tell each other.
//
// On such an adapter workgroup memory is memory like any other, and a load costs as much as a load per lane even
// where all lanes load the same. So each lane loads a different row of A, and the others get it by
// subgroupBroadcast, which stays in registers (lib/register-tile.wgsl, which the product uses as well). An invocation
// has ROWS rows of four columns. Workgroups follow each other down the rows, whose columns of B stay in the cache.
@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) tile: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let first_row = tile.x * ROWS;
  let vector = tile.y * WORKGROUP + lane;
  let n = constants.n / 4u;
  let k = constants.k / 4u;

  var sums: Sums;
  for (var step = 0u; step < k; step++) {
    let at = step * 4u * n + vector;
    let y = mat4x4<f32>(b[at], b[at + n], b[at + 2u * n], b[at + 3u * n]);
    for (var g = 0u; g < ROW_GROUPS; g++) {
      let x = a[(first_row + g * LANES + subgroup_lane % LANES) * k + step];
      add_lanes(&sums, g * LANES, x, y);
    }
  }

  // As many as there are rows, which the compiler does not know: see row_of.
  let rows = min(ROWS, constants.m - first_row);
  for (var row = 0u; row < rows; row++) {
    c[(first_row + row) * n + vector] = row_of(&sums, row);
  }
}
