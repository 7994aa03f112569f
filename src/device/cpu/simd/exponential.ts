/**
 * e^x and what is made of it, four at a time, to about one unit in the last place (the constants and the polynomial
 * are those of expf, tanhf and logf in S. Moshier's Cephes library).
 */
import { multiplyAdd } from './tile';

const LOG2_E: f32 = 1.44269504088896341;
/** ln 2 in two parts: a multiple of the first by a small whole number is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
const LN_2: f64 = 0.6931471805599453;
const SQRT_2: f64 = 1.4142135623730951;
/** Beyond these e^x is infinite, or rounds to 0. */
const LARGEST: f32 = 89;
const SMALLEST: f32 = -104;

/** Added to a whole number below 2^22, it leaves that number in the last bits of the sum. */
const TO_BITS: f32 = 12582912;

/** e^x = 2^n e^r with |r| <= ln 2 / 2. NaN stays NaN: pmin and pmax keep their first operand then. */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(LARGEST)), f32x4.splat(SMALLEST));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(LOG2_E)));
  const high = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let p = f32x4.splat(1.9875691500e-4);
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  const y = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // In two steps: 2^n alone overflows before e^x does, and has no normal form for the smallest results.
  const whole = i32x4.sub(f32x4.add(n, f32x4.splat(TO_BITS)), f32x4.splat(TO_BITS));
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** 2^n for -126 <= n <= 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
}

/** 1 - 2 / (e^2x + 1), and near zero, where that loses digits, an odd polynomial. */
// @ts-ignore: decorator
@inline
export function hyperbolicTangent(x: v128): v128 {
  const one = f32x4.splat(1), two = f32x4.splat(2);
  const far = f32x4.sub(one, f32x4.div(two, f32x4.add(exponential(f32x4.mul(x, two)), one)));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = multiplyAdd(p, z, f32x4.splat(2.06390887954e-2));
  p = multiplyAdd(p, z, f32x4.splat(-5.37397155531e-2));
  p = multiplyAdd(p, z, f32x4.splat(1.33314422036e-1));
  p = multiplyAdd(p, z, f32x4.splat(-3.33332819422e-1));
  const near = multiplyAdd(f32x4.mul(p, z), x, x);
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(x), f32x4.splat(0.625)));
}

const LEAST_NORMAL: f32 = 1.17549435e-38;
const TWO_TO_23: f32 = 8388608;
/** Exponent of the square root of a half, from which on a mantissa is doubled: as bits of a float32. */
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

/** ln x = n ln 2 + ln(1 + r) for x = 2^n (1 + r) with 1 + r from the square root of a half to that of two. */
// @ts-ignore: decorator
@inline
export function logarithm(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(LEAST_NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(TWO_TO_23)), x, small);
  const above = i32x4.sub(normal, i32x4.splat(SQRT_HALF_BITS));
  const whole = i32x4.sub(i32x4.shr_s(above, 23), v128.and(small, i32x4.splat(23)));
  const mantissa = i32x4.add(v128.and(above, i32x4.splat(0x007f_ffff)), i32x4.splat(SQRT_HALF_BITS));
  const n = f32x4.convert_i32x4_s(whole);
  const r = f32x4.sub(mantissa, f32x4.splat(1));
  const z = f32x4.mul(r, r);
  let p = f32x4.splat(7.0376836292e-2);
  p = multiplyAdd(p, r, f32x4.splat(-1.1514610310e-1));
  p = multiplyAdd(p, r, f32x4.splat(1.1676998740e-1));
  p = multiplyAdd(p, r, f32x4.splat(-1.2420140846e-1));
  p = multiplyAdd(p, r, f32x4.splat(1.4249322787e-1));
  p = multiplyAdd(p, r, f32x4.splat(-1.6668057665e-1));
  p = multiplyAdd(p, r, f32x4.splat(2.0000714765e-1));
  p = multiplyAdd(p, r, f32x4.splat(-2.4999993993e-1));
  p = multiplyAdd(p, r, f32x4.splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, r), z);
  y = f32x4.add(y, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  y = f32x4.sub(y, f32x4.mul(z, f32x4.splat(0.5)));
  y = f32x4.add(f32x4.add(r, y), f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  // Infinity and NaN stay, 0 gives -Infinity, what is below it NaN.
  y = v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity)));
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(f32x4.splat(NaN), y, f32x4.lt(x, f32x4.splat(0)));
}

/**
 * ln x of a normal number above 0, in float64: 2 artanh((m - 1) / (m + 1)) + n ln 2 for x = 2^n m. AssemblyScript's own
 * logarithms keep tables in the memory's first page, where step values lie.
 */
export function logarithmOf(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (m > SQRT_2) {
    m *= 0.5;
    n++;
  }
  // |s| < 0.172: what the series leaves out is below 1e-13.
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series = 1 + z * (1 / 3.0 + z * (1 / 5.0 + z * (1 / 7.0 + z * (1 / 9.0 + z * (1 / 11.0 + z / 13.0)))));
  return 2 * s * series + <f64>n * LN_2;
}
