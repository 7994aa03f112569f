// y = x p(x), p(x) = (1 + tanh u) / 2 = 1 / (1 + e^(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3);
// dy/dx = p + 2 x p (1 - p) du/dx.
const TWO_U = 1.59576912;
const CUBE = 0.044715;

fn share_below(x: f32) -> f32 {
  return 1.0 / (1.0 + exp_of(-TWO_U * x * (1.0 + CUBE * x * x)));
}

fn forward(x: f32) -> f32 {
  return x * share_below(x);
}

fn derivative(x: f32) -> f32 {
  return gate_derivative(TWO_U * x * (1.0 + CUBE * x * x), TWO_U * x * (1.0 + 3.0 * CUBE * x * x));
}
