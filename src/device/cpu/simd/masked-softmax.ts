/** softmax of what a mask lets count, and the gradient of softmax, row by row: src/ops/norm/masked-softmax.ts. */
import { exponential, logarithmOf } from './exponential';
import { advance, read, write } from './lanes';
import { BLOCK_BYTES, largestOf, sumOf, sumOfLanes } from './rows';
import { multiplyAdd } from './tile';

/**
 * Rows first <= i < last of x [..., columns]. One of `counts` (int32) and `added` (float32) is 0: absent. The mask's row
 * begins where the strides s1 to s5 say, of x read as [rest, n1, n2, n3, n4, n5, columns].
 */
export function maskedSoftmax(
  x: usize, counts: usize, added: usize, y: usize, first: i32, last: i32, columns: i32, logarithm: bool,
  n1: i32, n2: i32, n3: i32, n4: i32, n5: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32, columnStride: i32,
): void {
  const rowBytes = <usize>columns * 4;
  const step: usize = columnStride == 0 ? 0 : 1;
  for (let row = first; row < last; row++) {
    const from = x + <usize>row * rowBytes;
    const to = y + <usize>row * rowBytes;
    let rest = row, place = 0;
    place += (rest % n5) * s5; rest /= n5;
    place += (rest % n4) * s4; rest /= n4;
    place += (rest % n3) * s3; rest /= n3;
    place += (rest % n2) * s2; rest /= n2;
    place += (rest % n1) * s1;
    const mask = (counts == 0 ? added : counts) + <usize>place * 4;
    if (counts == 0) softmaxRow<f32>(from, mask, step, to, rowBytes, logarithm);
    else softmaxRow<i32>(from, mask, step, to, rowBytes, logarithm);
  }
}

/** `Mask` is its type: i32 for one that counts, f32 for one that is added; `step` is 1, or 0 where one number stands for all. */
function softmaxRow<Mask>(x: usize, mask: usize, step: usize, y: usize, rowBytes: usize, logarithm: bool): void {
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    write(y + at, scores<Mask>(x + at, mask + at * step, step, one), one);
  }
  const largest = largestOf(y, rowBytes);
  if (!(largest > -Infinity)) {
    // Nothing counts, or some of what counts is no number.
    const nothing = f32x4.splat(logarithm ? -Infinity : 0), rest = f32x4.splat(largest);
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      const one = rowBytes - at < 16;
      write(y + at, v128.bitselect(rest, nothing, counting(read(y + at, one))), one);
    }
    return;
  }
  // e^-Infinity is exactly 0 here, and what does not count adds nothing.
  const shift = f32x4.splat(largest);
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    write(y + at, exponential(f32x4.sub(read(y + at, one), shift)), one);
  }
  const total = sumOf(y, rowBytes);
  const log = f32x4.splat(<f32>logarithmOf(total));
  const divisor = f32x4.splat(<f32>total);
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    const value = logarithm
      ? f32x4.sub(f32x4.sub(scores<Mask>(x + at, mask + at * step, step, one), shift), log)
      : f32x4.div(read(y + at, one), divisor);
    write(y + at, value, one);
  }
}

// @ts-ignore: decorator
@inline
function scores<Mask>(x: usize, mask: usize, step: usize, one: bool): v128 {
  const values = read(x, one);
  const masks = step == 0 ? v128.load32_splat(mask) : read(mask, one);
  if (isFloat<Mask>()) return f32x4.add(values, masks);
  return v128.bitselect(f32x4.splat(-Infinity), values, i32x4.eq(masks, i32x4.splat(0)));
}

/** dx = y (dy - sum of y dy) of the rows first <= i < last; of a logarithm dy - e^y sum of dy, and 0 where y is -Infinity. */
export function softmaxGradient(
  y: usize, dy: usize, dx: usize, first: i32, last: i32, columns: i32, logarithm: bool,
): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    const skip = <usize>row * rowBytes;
    if (logarithm) gradientRow(y + skip, dy + skip, dx + skip, rowBytes, true);
    else gradientRow(y + skip, dy + skip, dx + skip, rowBytes, false);
  }
}

// @ts-ignore: decorator
@inline
function gradientRow(y: usize, dy: usize, dx: usize, rowBytes: usize, logarithm: bool): void {
  let total: f64 = 0;
  for (let at: usize = 0; at < rowBytes; ) {
    const last = min(rowBytes, at + BLOCK_BYTES);
    let sum = f32x4.splat(0);
    for (; at < last; at += advance(last - at)) {
      const one = last - at < 16;
      const value = read(y + at, one), gradient = read(dy + at, one);
      if (logarithm) sum = f32x4.add(sum, v128.and(gradient, counting(value)));
      else sum = multiplyAdd(value, gradient, sum);
    }
    total += sumOfLanes(sum);
  }
  const totals = f32x4.splat(<f32>total);
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    const value = read(y + at, one), gradient = read(dy + at, one);
    if (logarithm) {
      const result = f32x4.sub(gradient, f32x4.mul(exponential(value), totals));
      write(dx + at, v128.and(result, counting(value)), one);
    } else write(dx + at, f32x4.mul(value, f32x4.sub(gradient, totals)), one);
  }
}

/** All bits of the lanes that are not -Infinity: of scores, or of logarithms. */
// @ts-ignore: decorator
@inline
function counting(value: v128): v128 {
  return f32x4.ne(value, f32x4.splat(-Infinity));
}
