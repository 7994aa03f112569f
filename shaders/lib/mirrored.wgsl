// Position -1 is 1, and `size` is `size - 2`.
fn mirrored(position: i32, size: u32) -> u32 {
  let inside = u32(abs(position));
  return select(2u * size - 2u - inside, inside, inside < size);
}
