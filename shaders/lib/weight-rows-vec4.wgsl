// Four neighbouring rows of a weight gradient's first factor, for groups whose channels are a multiple of 4: they
// are four channels of one tap, side by side in the image. Comes after a-vec4.wgsl.
struct Rows {
  channel: i32,
  top: i32,
  left: i32,
  exist: bool,
}

// Rows m .. m + 3 of a group; none of them exist where m is past the end.
fn rows_of(m: u32, group: u32) -> Rows {
  let tap = m / constants.group_channels;
  return Rows(
    i32(group * constants.group_channels + m % constants.group_channels),
    i32(tap / constants.kernel_width * constants.dilation_height) - i32(constants.pad_top),
    i32(tap % constants.kernel_width * constants.dilation_width) - i32(constants.pad_left),
    m < constants.group_weights,
  );
}

// The rows' elements at a position; zero where it does not count.
fn rows_at(rows: Rows, position: Position, counts: bool) -> vec4<f32> {
  let y = i32(position.row * constants.stride_height) + rows.top;
  let x = i32(position.column * constants.stride_width) + rows.left;
  let inside = counts && rows.exist && y >= 0 && y < i32(constants.height) && x >= 0 && x < i32(constants.width);
  let pixel = (i32(position.image * constants.height) + y) * i32(constants.width) + x;
  return a_vector(pixel * i32(constants.channels) + rows.channel, 0, select(0, 4, inside));
}
