// y = x^2; dy/dx = 2 x.
fn forward(x: f32) -> f32 {
  return x * x;
}

fn derivative(x: f32) -> f32 {
  return 2.0 * x;
}
