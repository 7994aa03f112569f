// y = max(x, 0); dy/dx = 1 where y > 0, else 0 (0 at x = 0, as PyTorch).
// A NaN passes through.
fn forward(x: f32) -> f32 {
  return select(x, 0.0, below_zero(x));
}

fn derivative(y: f32) -> f32 {
  return select(0.0, 1.0, y > 0.0);
}
