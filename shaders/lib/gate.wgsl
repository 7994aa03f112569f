// The derivative of x s(v) with s(v) = 1 / (1 + e^-v): s + x v' s (1 - s), given x v'. Without 1 - s, which would lose digits.
// Where x v' is infinite, s (1 - s) is 0, and so shall be their product; that of a NaN is one by e.
fn gate_derivative(v: f32, x_times_slope: f32) -> f32 {
  let e = exp_of(-abs(v));
  let larger = 1.0 / (1.0 + e);
  let smaller = e * larger;
  return select(larger, smaller, v < 0.0) + clamp(x_times_slope, -3.4e38, 3.4e38) * smaller * larger;
}
