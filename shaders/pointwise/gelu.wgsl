// y = x p(x), p(x) the share of normal numbers below x: (1 + erf(x / sqrt 2)) / 2; dy/dx = p + x e^(-x^2 / 2) / sqrt(2 pi).
fn forward(x: f32) -> f32 {
  return x * normal_distribution(x, exp_of(-0.5 * x * x));
}

fn derivative(x: f32) -> f32 {
  let e = exp_of(-0.5 * x * x);
  // At infinities, too, x e is 0.
  return normal_distribution(x, e) + clamp(x, -3.4e38, 3.4e38) * e * 0.398942280;
}
