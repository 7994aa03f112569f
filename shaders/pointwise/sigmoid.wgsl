// y = 1 / (1 + e^-x); dy/dx = y (1 - y).
fn forward(x: f32) -> f32 {
  return 1.0 / (1.0 + exp_of(-x));
}

fn derivative(y: f32) -> f32 {
  return y * (1.0 - y);
}
