// Four neighbouring rows of a weight gradient's first factor, for groups whose channels are a multiple of 4: they
// are four channels of one tap, side by side in the image. Comes after a-vec4.wgsl.
struct Rows {
  channel: i32,
  down: i32,
  across: i32,
  exist: bool,
}

// Rows m .. m + 3 of a group; none of them exist where m is past the end.
fn rows_of(m: u32, group: u32) -> Rows {
  let tap = m / constants.group_channels;
  return Rows(
    i32(group * constants.group_channels + m % constants.group_channels),
    tap_down(tap / constants.geometry.kernel_width),
    tap_across(tap % constants.geometry.kernel_width),
    m < constants.group_weights,
  );
}

// The rows' elements at a position; zero where it does not count.
fn rows_at(rows: Rows, position: Position, counts: bool) -> vec4<f32> {
  let y = window_top(position.row) + rows.down;
  let x = window_left(position.column) + rows.across;
  let inside = counts && rows.exist && inside_image(y, x);
  return a_vector(pixel_index(position.image, y, x) + rows.channel, 0, select(0, 4, inside));
}
