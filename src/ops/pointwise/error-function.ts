/**
 * The error function in float64, to about 1e-15: what the plain loops of erf and gelu compute. Shaders and the SIMD module
 * have a shorter formula, which is as good as float32 is (shaders/lib/error-function.wgsl).
 */

/** From here on the fraction is shorter than the series, and 1 - erf(x) would lose digits. */
const FAR = 2;
/** Levels of the fraction: enough for all of float64 from FAR on. */
const LEVELS = 50;
const SQRT_PI = Math.sqrt(Math.PI);

/** erf(x) = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export function errorFunction(x: number): number {
  if (Math.abs(x) < FAR) return series(x);
  return x < 0 ? tail(-x) - 1 : 1 - tail(x);
}

/** The share of normal numbers below x: (1 + erf(x / sqrt 2)) / 2, without the loss of digits that this has far below 0. */
export function normalDistribution(x: number): number {
  const z = x * Math.SQRT1_2;
  if (Math.abs(z) < FAR) return (1 + series(z)) / 2;
  return x < 0 ? tail(-z) / 2 : 1 - tail(z) / 2;
}

/** 2 / sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...): all terms have one sign, so nothing cancels. */
function series(x: number): number {
  let term = x;
  let total = x;
  let odd = 1;
  do {
    odd += 2;
    term *= (2 * x * x) / odd;
    total += term;
  } while (Math.abs(term) > Math.abs(total) * 2 ** -54);
  return (2 / SQRT_PI) * Math.exp(-x * x) * total;
}

/** 1 - erf(x) for x >= FAR: e^(-x^2) / sqrt(pi) / (x + 1/2 / (x + 2/2 / (x + 3/2 / (x + ...)))). */
function tail(x: number): number {
  let fraction = 0;
  for (let k = LEVELS; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / SQRT_PI / (x + fraction);
}
