// y = x s(x), s(x) = 1 / (1 + e^-x); dy/dx = s (1 + x (1 - s)).
fn forward(x: f32) -> f32 {
  return x / (1.0 + exp_of(-x));
}

fn derivative(x: f32) -> f32 {
  return gate_derivative(x, x);
}
