/** What attention does with rows of scores: masks, the softmax, and its gradient. All of it in place. */
import { exponential, logarithmOf } from './exponential';
import { advance, read, write } from './lanes';
import { largestOf, sumOf } from './rows';

const COUNTS: i32 = 1;
const ADDED: i32 = 2;

/** Where a head's mask begins. */
// @ts-ignore: decorator
@inline
export function maskStart(mask: usize, batch: i32, head: i32, maskBatch: i32, maskHead: i32): usize {
  return mask + <usize>(batch * maskBatch + head * maskHead) * 4;
}

/**
 * Scores of `count` products: times scale, plus what a mask adds; -Infinity where it says that they do not count, and
 * before `begin` and from `end` on. `step` is the bytes from one element of the mask to the next.
 */
export function finishScores(
  row: usize, count: i32, scale: f32, kind: i32, mask: usize, step: usize, begin: i32, end: i32,
): void {
  if (kind == 0) finish(row, count, scale, mask, step, 0);
  else if (kind == COUNTS) finish(row, count, scale, mask, step, COUNTS);
  else finish(row, count, scale, mask, step, ADDED);
  for (let i = 0; i < begin; i++) store<f32>(row + <usize>i * 4, -Infinity);
  for (let i = end; i < count; i++) store<f32>(row + <usize>i * 4, -Infinity);
}

// @ts-ignore: decorator
@inline
function finish(row: usize, count: i32, scale: f32, mask: usize, step: usize, kind: i32): void {
  const bytes = <usize>count * 4;
  for (let at: usize = 0; at < bytes; at += advance(bytes - at)) {
    const one = bytes - at < 16;
    let value = f32x4.mul(read(row + at, one), f32x4.splat(scale));
    if (kind == COUNTS) {
      const words = fourOf(mask + (at >> 2) * step, step, one);
      value = v128.bitselect(f32x4.splat(-Infinity), value, i32x4.eq(words, i32x4.splat(0)));
    } else if (kind == ADDED) value = f32x4.add(value, fourOf(mask + (at >> 2) * step, step, one));
    write(row + at, value, one);
  }
}

/** Four words of a mask, or one. */
// @ts-ignore: decorator
@inline
function fourOf(mask: usize, step: usize, one: bool): v128 {
  if (step == 4) return read(mask, one);
  const first = v128.load32_splat(mask);
  if (step == 0 || one) return first;
  const second = v128.load32_lane(mask + step, first, 1);
  return v128.load32_lane(mask + 3 * step, v128.load32_lane(mask + 2 * step, second, 2), 3);
}

/**
 * e^(score - largest), the logarithm of what the scores' exponentials add up to, and by what the weights are multiplied to add
 * up to 1. Where nothing counts all of that is 0.
 */
export function softmaxRow(row: usize, bytes: usize, logSumExp: usize, inverse: usize): void {
  const largest = largestOf(row, bytes);
  if (largest == -Infinity) {
    memory.fill(row, 0, bytes);
    store<f32>(logSumExp, 0);
    store<f32>(inverse, 0);
    return;
  }
  const shift = f32x4.splat(largest);
  for (let at: usize = 0; at < bytes; at += advance(bytes - at)) {
    const one = bytes - at < 16;
    write(row + at, exponential(f32x4.sub(read(row + at, one), shift)), one);
  }
  const total = sumOf(row, bytes);
  store<f32>(logSumExp, <f32>(<f64>largest + logarithmOf(total)));
  store<f32>(inverse, <f32>(1 / total));
}

/** slopes = e^(score - L) (slope - D) scale, of one query: `statistic` has its L and D. */
export function weighRow(row: usize, slopes: usize, bytes: usize, statistic: usize, scale: f32): void {
  const logarithm = v128.load32_splat(statistic), sum = v128.load32_splat(statistic, 4);
  for (let at: usize = 0; at < bytes; at += advance(bytes - at)) {
    const one = bytes - at < 16;
    const weight = exponential(f32x4.sub(read(row + at, one), logarithm));
    const slope = f32x4.mul(f32x4.sub(read(slopes + at, one), sum), f32x4.splat(scale));
    write(slopes + at, f32x4.mul(weight, slope), one);
  }
}

/** The same of one key, whose scores become e^(score - L): L and D of each query are vectors. */
export function weighRowByVectors(
  row: usize, slopes: usize, bytes: usize, logarithms: usize, sums: usize, scale: f32,
): void {
  for (let at: usize = 0; at < bytes; at += advance(bytes - at)) {
    const one = bytes - at < 16;
    const weight = exponential(f32x4.sub(read(row + at, one), read(logarithms + at, one)));
    write(row + at, weight, one);
    const slope = f32x4.mul(f32x4.sub(read(slopes + at, one), read(sums + at, one)), f32x4.splat(scale));
    write(slopes + at, f32x4.mul(weight, slope), one);
  }
}
