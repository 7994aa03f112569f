/** The error function and the distribution of normal numbers, four at a time: the formulas of shaders/lib/error-function.wgsl. */
import { exponential } from './exponential';
import { multiplyAdd } from './tile';

/** 1 - erf(z) for z >= 0, given e = e^(-z^2), to a part in 10^7 of the result. */
// @ts-ignore: decorator
@inline
function complement(z: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  const t = f32x4.div(one, multiplyAdd(z, f32x4.splat(0.375), one));
  let p = f32x4.splat(0.0616966150);
  p = multiplyAdd(p, t, f32x4.splat(-0.288075387));
  p = multiplyAdd(p, t, f32x4.splat(0.433893770));
  p = multiplyAdd(p, t, f32x4.splat(-0.231076419));
  p = multiplyAdd(p, t, f32x4.splat(0.274844140));
  p = multiplyAdd(p, t, f32x4.splat(0.121038958));
  p = multiplyAdd(p, t, f32x4.splat(0.205430433));
  p = multiplyAdd(p, t, f32x4.splat(0.210633501));
  p = multiplyAdd(p, t, f32x4.splat(0.211614415));
  return f32x4.mul(e, f32x4.mul(t, p));
}

/** erf(x). NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function errorFunction(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-0.000563142216);
  p = multiplyAdd(p, square, f32x4.splat(0.00491755141));
  p = multiplyAdd(p, square, f32x4.splat(-0.0267113113));
  p = multiplyAdd(p, square, f32x4.splat(0.112801802));
  p = multiplyAdd(p, square, f32x4.splat(-0.376123262));
  p = multiplyAdd(p, square, f32x4.splat(1.12837912));
  const outside = f32x4.sub(f32x4.splat(1), complement(size, exponential(f32x4.neg(square))));
  const far = v128.or(outside, v128.and(x, i32x4.splat(0x8000_0000)));
  return v128.bitselect(f32x4.mul(x, p), far, f32x4.lt(size, f32x4.splat(1)));
}

/** e^(-x^2 / 2). */
// @ts-ignore: decorator
@inline
export function normalDensity(x: v128): v128 {
  return exponential(f32x4.mul(f32x4.mul(x, f32x4.splat(-0.5)), x));
}

/** The share of normal numbers below x, given e = e^(-x^2 / 2). */
// @ts-ignore: decorator
@inline
export function normalDistribution(x: v128, e: v128): v128 {
  const half = f32x4.splat(0.5);
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.707106781));
  const outside = f32x4.mul(half, complement(z, e));
  const inside = f32x4.sub(f32x4.splat(1), outside);
  return v128.bitselect(outside, inside, f32x4.lt(x, f32x4.splat(0)));
}
