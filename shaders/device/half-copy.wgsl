// y = x, stored as what y is: float16 in a mixed-precision program. The rounding is the conversion's.
fn forward(x: f32) -> f32 {
  return x;
}
