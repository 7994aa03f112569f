// y = x min(max(x / 6 + 1 / 2, 0), 1); dy/dx = 0 up to -3, x / 3 + 1 / 2 up to 3, 1 from there. A NaN passes through.
fn forward(x: f32) -> f32 {
  return select(x * clamp(x / 6.0 + 0.5, 0.0, 1.0), x, is_nan(x));
}

fn derivative(x: f32) -> f32 {
  return select(select(x / 3.0 + 0.5, 1.0, x >= 3.0), 0.0, x <= -3.0);
}
