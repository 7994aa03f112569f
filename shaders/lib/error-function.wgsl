// 1 - erf(z) for z >= 0, given e = e^(-z^2), to a part in 10^7 of the result:
//   e t (c0 + c1 t + ... + c8 t^8), t = 1 / (1 + 3 z / 8).
// This is the form of Abramowitz and Stegun, 7.1.26, with more terms. The coefficients are our own: those with the least
// relative error for z up to 9.5, where the result leaves float32: 1.1e-8 before rounding.
fn erfc_times(z: f32, e: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.375 * z);
  var p = 0.0616966150;
  p = p * t - 0.288075387;
  p = p * t + 0.433893770;
  p = p * t - 0.231076419;
  p = p * t + 0.274844140;
  p = p * t + 0.121038958;
  p = p * t + 0.205430433;
  p = p * t + 0.210633501;
  p = p * t + 0.211614415;
  return e * (t * p);
}

// erf(x). Near 0, where 1 - (1 - erf) loses digits, x times a polynomial in x^2, of 4e-8 relative error.
fn erf_of(x: f32) -> f32 {
  let square = x * x;
  var p = -0.000563142216;
  p = p * square + 0.00491755141;
  p = p * square - 0.0267113113;
  p = p * square + 0.112801802;
  p = p * square - 0.376123262;
  p = p * square + 1.12837912;
  let far = 1.0 - erfc_times(abs(x), exp_of(-square));
  return select(select(far, -far, x < 0.0), x * p, abs(x) < 1.0);
}

// The share of normal numbers below x, given e = e^(-x^2 / 2).
fn normal_distribution(x: f32, e: f32) -> f32 {
  let outside = 0.5 * erfc_times(abs(x) * 0.707106781, e);
  return select(1.0 - outside, outside, x < 0.0);
}
