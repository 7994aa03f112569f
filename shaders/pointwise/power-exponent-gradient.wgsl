// da^b / db = a^b ln(a), 0 where a is 0 and b is not below it.
fn forward(a: f32, b: f32) -> f32 {
  if (a == 0.0 && b >= 0.0) {
    return 0.0;
  }
  return power_of(a, b) * log_of(a);
}
