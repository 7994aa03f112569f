// da^b / da = b a^(b - 1), 0 where b is 0.
fn forward(a: f32, b: f32) -> f32 {
  if (b == 0.0) {
    return 0.0;
  }
  return b * power_of(a, b - 1.0);
}
