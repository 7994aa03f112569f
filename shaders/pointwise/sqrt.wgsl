// y = x^(1/2); dy/dx = 1 / (2 y).
// Not a number below 0, which WGSL leaves open.
fn forward(x: f32) -> f32 {
  return select(sqrt(x), bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), below_zero(x) || is_nan(x));
}

fn derivative(y: f32) -> f32 {
  return 0.5 / y;
}
