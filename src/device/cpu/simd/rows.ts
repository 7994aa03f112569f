/** Reductions along the last axis, and softmax, row by row. The order of additions follows from the length alone. */
import { sumColumns } from './columns';
import { exponential, logarithmOf } from './exponential';
import { advance, read, write } from './lanes';

/** Floats that are added in float32 before they join a sum in float64. */
// @ts-ignore: decorator
@inline
export const BLOCK_BYTES: usize = 4096 * 4;

/**
 * Results first <= i < last of x [outer, length, inner], reduced along the middle: by sums, or with `largest` by the
 * largest element, which needs `inner` to be 1. Sums are multiplied by `factor`: 1, or what makes means of them.
 */
export function reduce(
  x: usize, y: usize, first: i32, last: i32, length: i32, inner: i32, largest: bool, factor: f32,
): void {
  if (largest) maxRows(x, y, first, last, length);
  else if (inner == 1) sumRows(x, y, first, last, length, factor);
  else {
    sumColumns(x, y, first, last, length, inner);
    if (factor != 1) scale(y + <usize>first * 4, y + <usize>last * 4, factor);
  }
}

/** y[i] = `factor` times the sum of row i of x [rows, columns], for first <= i < last. */
function sumRows(x: usize, y: usize, first: i32, last: i32, columns: i32, factor: f32): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    store<f32>(y + <usize>row * 4, <f32>sumOf(x + <usize>row * rowBytes, rowBytes) * factor);
  }
}

/** Multiplies the floats from `at` up to `end`. */
function scale(at: usize, end: usize, factor: f32): void {
  for (; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    write(at, f32x4.mul(read(at, one), f32x4.splat(factor)), one);
  }
}

// @ts-ignore: decorator
@inline
export function sumOf(from: usize, bytes: usize): f64 {
  const end = from + bytes;
  let total: f64 = 0;
  while (from < end) {
    const last = min(end, from + BLOCK_BYTES);
    let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0), sum3 = f32x4.splat(0);
    for (; from + 64 <= last; from += 64) {
      sum0 = f32x4.add(sum0, v128.load(from));
      sum1 = f32x4.add(sum1, v128.load(from, 16));
      sum2 = f32x4.add(sum2, v128.load(from, 32));
      sum3 = f32x4.add(sum3, v128.load(from, 48));
    }
    for (; from < last; from += advance(last - from)) sum0 = f32x4.add(sum0, read(from, last - from < 16));
    total += sumOfLanes(sum0) + sumOfLanes(sum1) + sumOfLanes(sum2) + sumOfLanes(sum3);
  }
  return total;
}

// @ts-ignore: decorator
@inline
export function sumOfLanes(a: v128): f64 {
  const low = <f64>f32x4.extract_lane(a, 0) + <f64>f32x4.extract_lane(a, 1);
  return low + (<f64>f32x4.extract_lane(a, 2) + <f64>f32x4.extract_lane(a, 3));
}

/** y[i] = the largest element of row i, for first <= i < last; NaN where one is. */
function maxRows(x: usize, y: usize, first: i32, last: i32, columns: i32): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    store<f32>(y + <usize>row * 4, largestOf(x + <usize>row * rowBytes, rowBytes));
  }
}

// @ts-ignore: decorator
@inline
export function largestOf(from: usize, bytes: usize): f32 {
  const end = from + bytes;
  let a = f32x4.splat(-Infinity), b = a, c = a, d = a;
  for (; from + 64 <= end; from += 64) {
    a = f32x4.max(a, v128.load(from));
    b = f32x4.max(b, v128.load(from, 16));
    c = f32x4.max(c, v128.load(from, 32));
    d = f32x4.max(d, v128.load(from, 48));
  }
  for (; from + 16 <= end; from += 16) a = f32x4.max(a, v128.load(from));
  for (; from < end; from += 4) a = f32x4.max(a, v128.load32_splat(from));
  a = f32x4.max(f32x4.max(a, b), f32x4.max(c, d));
  const low = max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1));
  return max(low, max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)));
}

/** softmax of the rows first <= i < last of x [rows, columns], or its logarithm: src/ops/norm/softmax.ts. */
export function softmax(x: usize, y: usize, first: i32, last: i32, columns: i32, logarithm: bool): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    const from = x + <usize>row * rowBytes;
    const to = y + <usize>row * rowBytes;
    const largest = largestOf(from, rowBytes);
    const shift = f32x4.splat(largest);
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      const one = rowBytes - at < 16;
      write(to + at, exponential(f32x4.sub(read(from + at, one), shift)), one);
    }
    const total = sumOf(to, rowBytes);
    const log = f32x4.splat(<f32>logarithmOf(total));
    const divisor = f32x4.splat(<f32>total);
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      const one = rowBytes - at < 16;
      const value = logarithm
        ? f32x4.sub(f32x4.sub(read(from + at, one), shift), log)
        : f32x4.div(read(to + at, one), divisor);
      write(to + at, value, one);
    }
  }
}
