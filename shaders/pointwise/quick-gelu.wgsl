// y = x s(1.702 x), s(v) = 1 / (1 + e^-v); dy/dx = s + 1.702 x s (1 - s).
fn forward(x: f32) -> f32 {
  return x / (1.0 + exp_of(-1.702 * x));
}

fn derivative(x: f32) -> f32 {
  return gate_derivative(1.702 * x, 1.702 * x);
}
