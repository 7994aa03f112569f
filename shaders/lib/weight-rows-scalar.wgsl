// Four neighbouring rows of a weight gradient's first factor, each with a tap and a channel of its own. Comes
// after a-scalar.wgsl. The same functions as weight-rows-vec4.wgsl.
struct Rows {
  channel: vec4<i32>,
  down: vec4<i32>,
  across: vec4<i32>,
  exist: vec4<bool>,
}

fn rows_of(m: u32, group: u32) -> Rows {
  let rows = vec4<u32>(m, m + 1u, m + 2u, m + 3u);
  let tap = rows / constants.group_channels;
  return Rows(
    vec4<i32>(group * constants.group_channels + rows % constants.group_channels),
    vec4<i32>(tap / constants.geometry.kernel_width * constants.geometry.dilation_height),
    vec4<i32>(tap % constants.geometry.kernel_width * constants.geometry.dilation_width),
    rows < vec4<u32>(constants.group_weights),
  );
}

fn rows_at(rows: Rows, position: Position, counts: bool) -> vec4<f32> {
  let y = window_top(position.row) + rows.down;
  let x = window_left(position.column) + rows.across;
  let height = vec4<i32>(i32(constants.geometry.height));
  let width = vec4<i32>(i32(constants.geometry.width));
  let zero = vec4<i32>();
  let inside = vec4<bool>(counts) & rows.exist & (y >= zero) & (y < height) & (x >= zero) & (x < width);
  let pixel = (i32(position.image * constants.geometry.height) + y) * width + x;
  let index = pixel * i32(constants.geometry.channels) + rows.channel;
  return vec4<f32>(
    a_element(index.x, inside.x),
    a_element(index.y, inside.y),
    a_element(index.z, inside.z),
    a_element(index.w, inside.w),
  );
}
