// Winograd's F(4x4, 3x3), the output: Y = A^T M A for the 36 products M of every tile, f32, and the epilogue. One invocation has four neighbouring filters of a tile. Places past the end are not stored.
//
// 36 multiplications stand for 144. The transforms' factors reach 8, so that rounding is some ten times that of sums;
// see src/ops/conv2d/conv2d-winograd-variants.ts for the passes before this one.
alias Four = array<vec4<f32>, 4>;

// A^T times a column of six.
fn transform(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, e: vec4<f32>, f: vec4<f32>) -> Four {
  let near = b + c;
  let near_difference = b - c;
  let far = d + e;
  let far_difference = d - e;
  return Four(
    a + near + far,
    near_difference + 2.0 * far_difference,
    near + 4.0 * far,
    near_difference + 8.0 * far_difference + f,
  );
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let fours = constants.filters / 4u;
  if (i >= constants.tiles * fours) {
    return;
  }
  let tile = i / fours;
  let filter_index = i % fours * 4u;
  let image = tile / constants.tiles_across / constants.tiles_down;
  let top = tile / constants.tiles_across % constants.tiles_down * TILE_SIDE;
  let left = tile % constants.tiles_across * TILE_SIDE;
  var columns: array<Four, 6>;
  for (var s = 0u; s < 6u; s++) {
    columns[s] = transform(
      workspace[products_index(s, tile, filter_index)],
      workspace[products_index(6u + s, tile, filter_index)],
      workspace[products_index(12u + s, tile, filter_index)],
      workspace[products_index(18u + s, tile, filter_index)],
      workspace[products_index(24u + s, tile, filter_index)],
      workspace[products_index(30u + s, tile, filter_index)],
    );
  }
  // Rows that exist: their number is not known when the shader is compiled, so the epilogue is not repeated for each.
  let rows = min(TILE_SIDE, constants.out_height - top);
  let places = min(TILE_SIDE, constants.out_width - left);
  for (var row = 0u; row < rows; row++) {
    let results = transform(
      columns[0][row],
      columns[1][row],
      columns[2][row],
      columns[3][row],
      columns[4][row],
      columns[5][row],
    );
    let place = (image * constants.out_height + top + row) * constants.out_width + left;
    for (var q = 0u; q < places; q++) {
      let index = (place + q) * constants.filters + filter_index;
      finish(results[q], constants.epilogue, filter_index, index, 4u);
    }
  }
}
