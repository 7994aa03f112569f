// y = the largest whole number <= x; dy/dx = 0.
fn forward(x: f32) -> f32 {
  return select(floor(x), x, is_nan(x));
}

fn derivative(y: f32) -> f32 {
  return 0.0;
}
