// y = -x; dy/dx = -1.
fn forward(x: f32) -> f32 {
  return -x;
}

fn derivative(y: f32) -> f32 {
  return -1.0;
}
