// y = ln(x); dy/dx = 1 / x. Not a number below 0, -infinity at 0.
fn forward(x: f32) -> f32 {
  return log_of(x);
}

fn derivative(x: f32) -> f32 {
  return 1.0 / x;
}
