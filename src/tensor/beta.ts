/** Numbers of the beta distribution, from uniform ones. */

/**
 * A number of Beta(alpha, alpha) in [0, 1]: X / (X + Y) of two gamma variates. `draw` gives the next uniform number in
 * [0, 1); how many are taken varies. In logarithms, as with a small alpha both variates would be 0.
 */
export function symmetricBeta(alpha: number, draw: () => number): number {
  const [x, y] = [logGamma(alpha, draw), logGamma(alpha, draw)];
  return 1 / (1 + Math.exp(y - x));
}

/**
 * The logarithm of a gamma variate of this shape (Marsaglia and Tsang, "A simple method for generating gamma variables",
 * 2000): d v with v = (1 + c z)^3 for a normal z, accepted when ln u < z^2 / 2 + d - d v + d ln v. A shape below 1 is
 * that of shape + 1 times u^(1 / shape).
 */
function logGamma(shape: number, draw: () => number): number {
  // A uniform number above 0, for the logarithm.
  const logUniform = () => Math.log(1 - draw());
  if (shape < 1) return logGamma(shape + 1, draw) + logUniform() / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = Math.sqrt(-2 * logUniform()) * Math.cos(2 * Math.PI * draw());
    const v = (1 + c * z) ** 3;
    if (v > 0 && logUniform() < (z * z) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
