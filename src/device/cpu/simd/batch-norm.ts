/**
 * The launches of batch norm in training that go over all elements; the formulas are in
 * src/ops/norm/batch-norm-training-kernels.ts. Slices are short, so that sums in float32 are sums of few terms.
 */
import { addRows } from './columns';
import { advance, read, write } from './lanes';
import { multiplyAdd } from './tile';

/** Mean and sum of squared differences from it, of the slices begin <= i < end. */
export function batchMoments(
  x: usize, partials: usize, begin: i32, end: i32, rows: i32, channels: i32, slices: i32, rowsPerSlice: i32,
): void {
  const rowBytes = <usize>channels * 4;
  for (let slice = begin; slice < end; slice++) {
    const first = slice * rowsPerSlice;
    const count = min(rowsPerSlice, rows - first);
    const from = x + <usize>first * rowBytes;
    const means = partials + <usize>slice * rowBytes;
    const squares = partials + <usize>(slices + slice) * rowBytes;
    addRows(from, rowBytes, count, means, channels);
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      const one = rowBytes - at < 16;
      write(means + at, f32x4.div(read(means + at, one), f32x4.splat(<f32>count)), one);
      write(squares + at, f32x4.splat(0), one);
    }
    let row: usize = 0;
    for (; row + 4 <= <usize>count; row += 4) addSquares(from + row * rowBytes, means, squares, rowBytes, 4);
    for (; row < <usize>count; row++) addSquares(from + row * rowBytes, means, squares, rowBytes, 1);
  }
}

/** Adds the squares of one row, or of four, one after the other: sums are read and written once for all of them. */
// @ts-ignore: decorator
@inline
function addSquares(x: usize, means: usize, squares: usize, rowBytes: usize, rows: i32): void {
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    const mean = read(means + at, one);
    let sum = addSquare(x + at, mean, read(squares + at, one), one);
    if (rows == 4) {
      sum = addSquare(x + at + rowBytes, mean, sum, one);
      sum = addSquare(x + at + 2 * rowBytes, mean, sum, one);
      sum = addSquare(x + at + 3 * rowBytes, mean, sum, one);
    }
    write(squares + at, sum, one);
  }
}

// @ts-ignore: decorator
@inline
function addSquare(x: usize, mean: v128, sum: v128, one: bool): v128 {
  const difference = f32x4.sub(read(x, one), mean);
  return multiplyAdd(difference, difference, sum);
}

/** Sums of dy and of dy * (x - mean) over the slices begin <= i < end; dy counts where relu > 0, if that is given. */
export function batchNormGradientSums(
  x: usize, dy: usize, mean: usize, relu: usize, partials: usize, begin: i32, end: i32,
  rows: i32, channels: i32, slices: i32, rowsPerSlice: i32, masked: bool,
): void {
  const rowBytes = <usize>channels * 4;
  for (let slice = begin; slice < end; slice++) {
    const sums = partials + <usize>slice * rowBytes;
    const products = partials + <usize>(slices + slice) * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      write(sums + at, f32x4.splat(0), rowBytes - at < 16);
      write(products + at, f32x4.splat(0), rowBytes - at < 16);
    }
    const last = min(rows, (slice + 1) * rowsPerSlice);
    for (let row = slice * rowsPerSlice; row < last; row++) {
      const skip = <usize>row * rowBytes;
      for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
        const one = rowBytes - at < 16;
        const gradient = maskedGradient(dy + skip + at, relu + skip + at, masked, one);
        const centred = f32x4.sub(read(x + skip + at, one), read(mean + at, one));
        write(sums + at, f32x4.add(read(sums + at, one), gradient), one);
        write(products + at, multiplyAdd(gradient, centred, read(products + at, one)), one);
      }
    }
  }
}

/** dx = a * dy + b * (x - mean) + c over the rows first <= i < last; coefficients are [a, b, c, mean]. */
export function batchNormGradientApply(
  x: usize, dy: usize, coefficients: usize, relu: usize, dx: usize, first: i32, last: i32, channels: i32, masked: bool,
): void {
  const rowBytes = <usize>channels * 4;
  for (let row = first; row < last; row++) {
    const skip = <usize>row * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      const one = rowBytes - at < 16;
      const factors = coefficients + at;
      const gradient = maskedGradient(dy + skip + at, relu + skip + at, masked, one);
      const centred = f32x4.sub(read(x + skip + at, one), read(factors + 3 * rowBytes, one));
      const shifted = multiplyAdd(read(factors + rowBytes, one), centred, read(factors + 2 * rowBytes, one));
      write(dx + skip + at, multiplyAdd(read(factors, one), gradient, shifted), one);
    }
  }
}

/** dy, and 0 where the ReLU behind let nothing through. */
// @ts-ignore: decorator
@inline
function maskedGradient(dy: usize, relu: usize, masked: bool, one: bool): v128 {
  const gradient = read(dy, one);
  return masked ? v128.and(gradient, f32x4.gt(read(relu, one), f32x4.splat(0))) : gradient;
}
