/** Operations element by element over floats first <= i < last; their numbers are those of src/ops/pointwise/pointwise-codes.ts. */
import {
  ABS,
  ADD,
  DIVIDE,
  ERF,
  ERF_GRADIENT,
  EXP,
  GELU,
  GELU_GRADIENT,
  GELU_TANH,
  GELU_TANH_GRADIENT,
  GREATER_EQUAL,
  HARD_SIGMOID,
  HARD_SIGMOID_GRADIENT,
  HARD_SWISH,
  HARD_SWISH_GRADIENT,
  LESS_EQUAL,
  LOG,
  MAXIMUM,
  MINIMUM,
  MULTIPLY,
  NEGATE,
  QUICK_GELU,
  QUICK_GELU_GRADIENT,
  RELU,
  RELU6,
  RELU6_GRADIENT,
  RELU_GRADIENT,
  SIGMOID,
  SIGMOID_GRADIENT,
  SILU,
  SILU_GRADIENT,
  SQRT,
  SQUARE,
  SUBTRACT,
  TANH,
  TANH_GRADIENT,
} from '../../../ops/pointwise/pointwise-codes';
import { errorFunction, normalDensity, normalDistribution } from './error-function';
import { exponential, hyperbolicTangent, logarithm, sigmoid } from './exponential';
import { advance, read, write } from './lanes';
import { multiplyAdd } from './tile';

/** y = operation(a, b); an operation on one operand does not look at b. y may be a or b. */
export function pointwise(a: usize, b: usize, y: usize, first: i32, last: i32, operation: i32): void {
  // One loop per operation: the choice is made at compile time within it.
  if (operation == ADD) loop(a, b, y, first, last, ADD);
  else if (operation == SUBTRACT) loop(a, b, y, first, last, SUBTRACT);
  else if (operation == MULTIPLY) loop(a, b, y, first, last, MULTIPLY);
  else if (operation == DIVIDE) loop(a, b, y, first, last, DIVIDE);
  else if (operation == RELU) loop(a, a, y, first, last, RELU);
  else if (operation == RELU_GRADIENT) loop(a, b, y, first, last, RELU_GRADIENT);
  else if (operation == RELU6) loop(a, a, y, first, last, RELU6);
  else if (operation == RELU6_GRADIENT) loop(a, b, y, first, last, RELU6_GRADIENT);
  else if (operation == ABS) loop(a, a, y, first, last, ABS);
  else if (operation == NEGATE) loop(a, a, y, first, last, NEGATE);
  else if (operation == SQUARE) loop(a, a, y, first, last, SQUARE);
  else if (operation == SQRT) loop(a, a, y, first, last, SQRT);
  else if (operation == MAXIMUM) loop(a, b, y, first, last, MAXIMUM);
  else if (operation == MINIMUM) loop(a, b, y, first, last, MINIMUM);
  else if (operation == EXP) expLoop(a, y, first, last);
  else if (operation == SIGMOID) sigmoidLoop(a, y, first, last);
  else if (operation == SIGMOID_GRADIENT) loop(a, b, y, first, last, SIGMOID_GRADIENT);
  else if (operation == TANH) tanhLoop(a, y, first, last);
  else if (operation == TANH_GRADIENT) loop(a, b, y, first, last, TANH_GRADIENT);
  else if (operation == GREATER_EQUAL) loop(a, b, y, first, last, GREATER_EQUAL);
  else if (operation == LESS_EQUAL) loop(a, b, y, first, last, LESS_EQUAL);
  else if (operation == LOG) logLoop(a, y, first, last);
  else if (operation == GELU) geluLoop(a, y, first, last);
  else if (operation == GELU_GRADIENT) geluGradientLoop(a, b, y, first, last);
  else if (operation == GELU_TANH) geluTanhLoop(a, y, first, last);
  else if (operation == GELU_TANH_GRADIENT) geluTanhGradientLoop(a, b, y, first, last);
  else if (operation == QUICK_GELU) quickGeluLoop(a, y, first, last);
  else if (operation == QUICK_GELU_GRADIENT) quickGeluGradientLoop(a, b, y, first, last);
  else if (operation == SILU) siluLoop(a, y, first, last);
  else if (operation == SILU_GRADIENT) siluGradientLoop(a, b, y, first, last);
  else if (operation == ERF) erfLoop(a, y, first, last);
  else if (operation == ERF_GRADIENT) erfGradientLoop(a, b, y, first, last);
  else if (operation == HARD_SIGMOID) loop(a, a, y, first, last, HARD_SIGMOID);
  else if (operation == HARD_SIGMOID_GRADIENT) loop(a, b, y, first, last, HARD_SIGMOID_GRADIENT);
  else if (operation == HARD_SWISH) loop(a, a, y, first, last, HARD_SWISH);
  else if (operation == HARD_SWISH_GRADIENT) loop(a, b, y, first, last, HARD_SWISH_GRADIENT);
  else unreachable();
}

/** Elements of a turn: those of four operands stay in the first-level cache. */
const TURN: i32 = 512;

/** Operations that take turns; `list` holds a, b, y and operation of each, as u32. The entry of ../joined.ts. */
export function pointwiseTurns(list: usize, operations: i32, first: i32, last: i32): void {
  const end = list + <usize>operations * 16;
  for (let from = first; from < last; from += TURN) {
    const to = min(from + TURN, last);
    for (let at = list; at < end; at += 16) {
      pointwise(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8), from, to, load<i32>(at, 12));
    }
  }
}

/*
 * Long formulas have functions of their own: the time that the compiler takes for one function grows faster than what is
 * inlined into it, and all of these in one took minutes.
 */

function expLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, EXP);
}

function sigmoidLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, SIGMOID);
}

function tanhLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, TANH);
}

function logLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, LOG);
}

function geluLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, GELU);
}

function geluGradientLoop(a: usize, b: usize, y: usize, first: i32, last: i32): void {
  loop(a, b, y, first, last, GELU_GRADIENT);
}

function geluTanhLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, GELU_TANH);
}

function geluTanhGradientLoop(a: usize, b: usize, y: usize, first: i32, last: i32): void {
  loop(a, b, y, first, last, GELU_TANH_GRADIENT);
}

function quickGeluLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, QUICK_GELU);
}

function quickGeluGradientLoop(a: usize, b: usize, y: usize, first: i32, last: i32): void {
  loop(a, b, y, first, last, QUICK_GELU_GRADIENT);
}

function siluLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, SILU);
}

function siluGradientLoop(a: usize, b: usize, y: usize, first: i32, last: i32): void {
  loop(a, b, y, first, last, SILU_GRADIENT);
}

function erfLoop(a: usize, y: usize, first: i32, last: i32): void {
  loop(a, a, y, first, last, ERF);
}

function erfGradientLoop(a: usize, b: usize, y: usize, first: i32, last: i32): void {
  loop(a, b, y, first, last, ERF_GRADIENT);
}

// @ts-ignore: decorator
@inline
function loop(a: usize, b: usize, y: usize, first: i32, last: i32, operation: i32): void {
  const end = <usize>last * 4;
  let at = <usize>first * 4;
  for (; at + 32 <= end; at += 32) {
    const low = compute(v128.load(a + at), v128.load(b + at), operation);
    const high = compute(v128.load(a + at, 16), v128.load(b + at, 16), operation);
    v128.store(y + at, low);
    v128.store(y + at, high, 16);
  }
  for (; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    write(y + at, compute(read(a + at, one), read(b + at, one), operation), one);
  }
}

// @ts-ignore: decorator
@inline
function compute(a: v128, b: v128, operation: i32): v128 {
  const zero = f32x4.splat(0);
  if (operation == ADD) return f32x4.add(a, b);
  if (operation == SUBTRACT) return f32x4.sub(a, b);
  if (operation == MULTIPLY) return f32x4.mul(a, b);
  if (operation == DIVIDE) return f32x4.div(a, b);
  if (operation == RELU) return f32x4.pmax(a, zero);
  if (operation == RELU6) return f32x4.min(f32x4.max(a, zero), f32x4.splat(6));
  if (operation == ABS) return f32x4.abs(a);
  if (operation == NEGATE) return f32x4.neg(a);
  if (operation == SQUARE) return f32x4.mul(a, a);
  if (operation == SQRT) return f32x4.sqrt(a);
  if (operation == MAXIMUM) return f32x4.max(a, b);
  if (operation == MINIMUM) return f32x4.min(a, b);
  if (operation == EXP) return exponential(a);
  if (operation == SIGMOID) return sigmoid(a);
  if (operation == TANH) return hyperbolicTangent(a);
  if (operation == LOG) return logarithm(a);
  if (operation == GELU) return f32x4.mul(a, normalDistribution(a, normalDensity(a)));
  if (operation == GELU_TANH) return f32x4.mul(a, sigmoid(twoU(a)));
  if (operation == QUICK_GELU) return f32x4.mul(a, sigmoid(f32x4.mul(a, f32x4.splat(QUICK_RATE))));
  if (operation == SILU) return f32x4.mul(a, sigmoid(a));
  if (operation == ERF) return errorFunction(a);
  if (operation == HARD_SIGMOID) return hardSigmoid(a);
  if (operation == HARD_SWISH) return f32x4.mul(a, hardSigmoid(a));
  const one = f32x4.splat(1);
  if (operation == GREATER_EQUAL) return v128.and(f32x4.ge(a, b), one);
  if (operation == LESS_EQUAL) return v128.and(f32x4.le(a, b), one);
  // These gradients start from the input.
  if (operation == GELU_GRADIENT) return f32x4.mul(b, geluDerivative(a));
  if (operation == GELU_TANH_GRADIENT) return f32x4.mul(b, geluTanhDerivative(a));
  if (operation == QUICK_GELU_GRADIENT) {
    const v = f32x4.mul(a, f32x4.splat(QUICK_RATE));
    return f32x4.mul(b, gateDerivative(v, v));
  }
  if (operation == SILU_GRADIENT) return f32x4.mul(b, gateDerivative(a, a));
  if (operation == ERF_GRADIENT) {
    const e = exponential(f32x4.neg(f32x4.mul(a, a)));
    return f32x4.mul(b, f32x4.mul(e, f32x4.splat(1.12837917)));
  }
  if (operation == HARD_SWISH_GRADIENT) {
    const three = f32x4.splat(3);
    const line = f32x4.add(f32x4.div(a, three), f32x4.splat(0.5));
    const slope = v128.bitselect(one, line, f32x4.ge(a, three));
    return f32x4.mul(b, v128.andnot(slope, f32x4.le(a, f32x4.splat(-3))));
  }
  // These start from the output.
  if (operation == HARD_SIGMOID_GRADIENT) {
    const inside = v128.and(f32x4.gt(a, zero), f32x4.lt(a, one));
    return f32x4.mul(b, v128.and(inside, f32x4.splat(<f32>(1.0 / 6.0))));
  }
  if (operation == SIGMOID_GRADIENT) return f32x4.mul(b, f32x4.mul(a, f32x4.sub(one, a)));
  if (operation == TANH_GRADIENT) return f32x4.mul(b, f32x4.sub(one, f32x4.mul(a, a)));
  let passes = f32x4.gt(a, zero);
  if (operation == RELU6_GRADIENT) passes = v128.and(passes, f32x4.lt(a, f32x4.splat(6)));
  // A product with 1 or 0, not a choice: a gradient that is NaN must not get lost.
  return f32x4.mul(b, v128.and(passes, one));
}

/** min(max(x / 6 + 1 / 2, 0), 1). */
// @ts-ignore: decorator
@inline
function hardSigmoid(x: v128): v128 {
  const line = f32x4.add(f32x4.div(x, f32x4.splat(6)), f32x4.splat(0.5));
  return f32x4.min(f32x4.max(line, f32x4.splat(0)), f32x4.splat(1));
}

/** That of src/ops/pointwise/quick-gelu.ts. */
const QUICK_RATE: f32 = 1.702;
/** The numbers and formulas of src/ops/pointwise/gelu.ts. */
const TWO_U: f32 = 1.59576912;
const CUBE: f32 = 0.044715;

// @ts-ignore: decorator
@inline
function geluDerivative(x: v128): v128 {
  const e = normalDensity(x);
  // At infinities, too, x e is 0.
  return multiplyAdd(f32x4.mul(bounded(x), e), f32x4.splat(0.398942280), normalDistribution(x, e));
}

/** The nearest number to an infinity; a NaN stays. */
// @ts-ignore: decorator
@inline
function bounded(x: v128): v128 {
  return f32x4.max(f32x4.min(x, f32x4.splat(f32.MAX_VALUE)), f32x4.splat(-f32.MAX_VALUE));
}

/** Twice the number whose tanh gelu's approximation takes. */
// @ts-ignore: decorator
@inline
function twoU(x: v128): v128 {
  const slope = multiplyAdd(f32x4.mul(x, x), f32x4.splat(CUBE * TWO_U), f32x4.splat(TWO_U));
  return f32x4.mul(x, slope);
}

// @ts-ignore: decorator
@inline
function geluTanhDerivative(x: v128): v128 {
  const slope = multiplyAdd(f32x4.mul(x, x), f32x4.splat(3 * CUBE * TWO_U), f32x4.splat(TWO_U));
  return gateDerivative(twoU(x), f32x4.mul(x, slope));
}

/**
 * The derivative of x s(v), s the sigmoid: s + x v' s (1 - s). Without 1 - s, which would lose digits; where x v' is infinite,
 * that is 0, and so shall be the product.
 */
// @ts-ignore: decorator
@inline
function gateDerivative(v: v128, xTimesSlope: v128): v128 {
  const one = f32x4.splat(1);
  const e = exponential(f32x4.neg(f32x4.abs(v)));
  const larger = f32x4.div(one, f32x4.add(one, e));
  const smaller = f32x4.mul(e, larger);
  const s = v128.bitselect(smaller, larger, f32x4.lt(v, f32x4.splat(0)));
  return multiplyAdd(bounded(xTimesSlope), f32x4.mul(smaller, larger), s);
}

/** y[i] = value. */
export function fill(y: usize, first: i32, last: i32, value: f32): void {
  const end = <usize>last * 4;
  for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
    write(y + at, f32x4.splat(value), end - at < 16);
  }
}

/**
 * y = activation(x * scale + shift + residual) along the last axis; bits are those of the epilogue. The entry for
 * batch norm's last step, src/ops/norm/batch-norm.ts.
 */
export function scaleShift(
  x: usize, scale: usize, shift: usize, residual: usize, y: usize,
  first: i32, last: i32, channels: i32, bits: i32,
): void {
  let channel = first % channels;
  while (first < last) {
    const count = min(channels - channel, last - first);
    const skip = <usize>first * 4;
    scaleShiftRun(x + skip, scale + <usize>channel * 4, shift + <usize>channel * 4, residual + skip, y + skip, count, bits);
    first += count;
    channel = 0;
  }
}

// @ts-ignore: decorator
@inline
function scaleShiftRun(x: usize, scale: usize, shift: usize, residual: usize, y: usize, count: i32, bits: i32): void {
  const end = <usize>count * 4;
  for (let at: usize = 0; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    let value = f32x4.add(f32x4.mul(read(x + at, one), read(scale + at, one)), read(shift + at, one));
    if (bits & RESIDUAL_BIT) value = f32x4.add(value, read(residual + at, one));
    if (bits & RELU_BITS) value = f32x4.pmax(value, f32x4.splat(0));
    if (bits & RELU6_BIT) value = f32x4.pmin(value, f32x4.splat(6));
    write(y + at, value, one);
  }
}

const RESIDUAL_BIT: i32 = 4;
const RELU6_BIT: i32 = 16;
const RELU_BITS: i32 = 8 | 16;
