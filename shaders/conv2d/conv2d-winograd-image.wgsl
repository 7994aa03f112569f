// Winograd's F(4x4, 3x3), the image: V = B^T d B for the 6 x 6 pixels d under every tile of the output, f32. Pixels
// outside are zero. One invocation has four neighbouring channels of a tile.
alias Six = array<vec4<f32>, 6>;

// B^T times a column of six.
fn transform(d: Six) -> Six {
  let even = d[4] - 4.0 * d[2];
  let odd = d[3] - 4.0 * d[1];
  let far_even = d[4] - d[2];
  let far_odd = 2.0 * (d[3] - d[1]);
  return Six(
    4.0 * d[0] - 5.0 * d[2] + d[4],
    even + odd,
    even - odd,
    far_even + far_odd,
    far_even - far_odd,
    4.0 * d[1] - 5.0 * d[3] + d[5],
  );
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let fours = constants.channels / 4u;
  if (i >= constants.tiles * fours) {
    return;
  }
  let tile = i / fours;
  let channel = i % fours * 4u;
  let image = tile / constants.tiles_across / constants.tiles_down;
  let top = i32(tile / constants.tiles_across % constants.tiles_down * TILE_SIDE) - i32(constants.pad_top);
  let left = i32(tile % constants.tiles_across * TILE_SIDE) - i32(constants.pad_left);
  var columns: array<Six, 6>;
  for (var s = 0; s < 6; s++) {
    let x = left + s;
    let has_column = x >= 0 && x < i32(constants.width);
    var pixels: Six;
    for (var r = 0; r < 6; r++) {
      let y = top + r;
      let inside = has_column && y >= 0 && y < i32(constants.height);
      let pixel = (i32(image * constants.height) + y) * i32(constants.width) + x;
      pixels[r] = a_vector(pixel * i32(constants.channels) + i32(channel), 0, select(0, 1, inside));
    }
    columns[s] = transform(pixels);
  }
  for (var row = 0u; row < 6u; row++) {
    let result = transform(Six(
      columns[0][row],
      columns[1][row],
      columns[2][row],
      columns[3][row],
      columns[4][row],
      columns[5][row],
    ));
    for (var column = 0u; column < 6u; column++) {
      workspace[image_index(row * 6u + column, tile, channel)] = result[column];
    }
  }
}
