// Winograd's F(4x4, 3x3), the weights: U = G g G^T for the 3 x 3 taps g of every channel and filter, f32.
// One invocation has four neighbouring filters of a channel. See Lavin and Gray, Fast Algorithms for Convolutional
// Neural Networks, 2016. Comes after winograd-taps.wgsl or winograd-taps-turned.wgsl.
alias Six = array<vec4<f32>, 6>;

// G times a column of three.
fn transform(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>) -> Six {
  let outer = a / 24.0 + c / 6.0;
  return Six(a / 4.0, -(a + b + c) / 6.0, (b - a - c) / 6.0, outer + b / 12.0, outer - b / 12.0, c);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let fours = constants.filters / 4u;
  if (i >= constants.channels * fours) {
    return;
  }
  let channel = i / fours;
  let filter_index = i % fours * 4u;
  var columns: array<Six, 3>;
  for (var s = 0u; s < 3u; s++) {
    columns[s] = transform(
      tap(s, channel, filter_index),
      tap(3u + s, channel, filter_index),
      tap(6u + s, channel, filter_index),
    );
  }
  for (var row = 0u; row < 6u; row++) {
    let result = transform(columns[0][row], columns[1][row], columns[2][row]);
    for (var column = 0u; column < 6u; column++) {
      workspace[weights_index(row * 6u + column, channel, filter_index)] = result[column];
    }
  }
}
