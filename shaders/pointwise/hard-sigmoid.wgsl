// y = min(max(x / 6 + 1 / 2, 0), 1); dy/dx = 1 / 6 where 0 < y < 1, else 0. A NaN passes through.
fn forward(x: f32) -> f32 {
  return select(clamp(x / 6.0 + 0.5, 0.0, 1.0), x, is_nan(x));
}

fn derivative(y: f32) -> f32 {
  return select(0.0, 1.0 / 6.0, y > 0.0 && y < 1.0);
}
