/**
 * Sums down the columns of a matrix: reductions over a leading axis, and the means of images.
 *
 * Rows are read as they lie in memory, eight at a time, and added to the row of results, which stays in the cache.
 * The order of additions follows from the number of rows alone.
 */
import { advance, read, write } from './lanes';

/** Results per pass: with a row of them, eight rows' worth of input stay in the first-level cache. */
const PASS: i32 = 1024;

/**
 * out[o, i] = sum over j of x[o, j, i], for the results first <= o * inner + i < last. x is [outer, length, inner].
 */
export function sumColumns(x: usize, out: usize, first: i32, last: i32, length: i32, inner: i32): void {
  const rowBytes = <usize>inner * 4;
  while (first < last) {
    const column = first % inner;
    const count = min(min(PASS, inner - column), last - first);
    const from = x + <usize>(first / inner) * <usize>length * rowBytes + <usize>column * 4;
    addRows(from, rowBytes, length, out + <usize>first * 4, count);
    first += count;
  }
}

/** Means of the images begin <= b < end: out[b, c] = 1 / positions * sum over i of x[b, i, c]. */
export function meanOfImages(x: usize, out: usize, begin: i32, end: i32, positions: i32, channels: i32): void {
  sumColumns(x, out, begin * channels, end * channels, positions, channels);
  const last = <usize>(end * channels) * 4;
  for (let at = <usize>(begin * channels) * 4; at < last; at += advance(last - at)) {
    const one = last - at < 16;
    write(out + at, f32x4.div(read(out + at, one), f32x4.splat(<f32>positions)), one);
  }
}

/** out[c] = the sum of `rows` rows of `count` floats, which lie `rowBytes` apart. */
export function addRows(x: usize, rowBytes: usize, rows: i32, out: usize, count: i32): void {
  const end = <usize>count * 4;
  for (let at: usize = 0; at < end; at += advance(end - at)) write(out + at, f32x4.splat(0), end - at < 16);
  let row = 0;
  for (; row + 8 <= rows; row += 8) {
    const half = x + 4 * rowBytes;
    for (let at: usize = 0; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      const sums = f32x4.add(addFour(x + at, rowBytes, one), addFour(half + at, rowBytes, one));
      write(out + at, f32x4.add(read(out + at, one), sums), one);
    }
    x += 8 * rowBytes;
  }
  for (; row + 4 <= rows; row += 4) {
    for (let at: usize = 0; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      write(out + at, f32x4.add(read(out + at, one), addFour(x + at, rowBytes, one)), one);
    }
    x += 4 * rowBytes;
  }
  for (; row < rows; row++) {
    for (let at: usize = 0; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      write(out + at, f32x4.add(read(out + at, one), read(x + at, one)), one);
    }
    x += rowBytes;
  }
}

/** The sum of four rows. */
// @ts-ignore: decorator
@inline
function addFour(x: usize, rowBytes: usize, one: bool): v128 {
  const low = f32x4.add(read(x, one), read(x + rowBytes, one));
  return f32x4.add(low, f32x4.add(read(x + 2 * rowBytes, one), read(x + 3 * rowBytes, one)));
}
