/**
 * Norms along rows and their gradients, the entries of src/ops/norm/layer-norm-kernels.ts. Sums over a row are those of
 * blocks of 4,096 floats, added in float64; slices of rows are short, so that sums in float32 are sums of few terms.
 */
import { advance, read, write } from './lanes';
import { BLOCK_BYTES, sumOf, sumOfLanes } from './rows';
import { multiplyAdd } from './tile';

/** y = (x - mean) inverse * scale + shift over the rows first <= i < last; scale and shift may be 0: absent. */
export function layerNorm(
  x: usize, scale: usize, shift: usize, y: usize, first: i32, last: i32, columns: i32, epsilon: f64, centred: bool,
): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    const from = x + <usize>row * rowBytes;
    const to = y + <usize>row * rowBytes;
    const mean: f32 = centred ? <f32>(sumOf(from, rowBytes) / <f64>columns) : 0;
    const inverse = <f32>(1 / Math.sqrt(squaresOf(from, rowBytes, mean) / <f64>columns + epsilon));
    if (scale == 0) {
      if (shift == 0) writeRow(from, scale, shift, to, rowBytes, mean, inverse, false, false);
      else writeRow(from, scale, shift, to, rowBytes, mean, inverse, false, true);
    } else if (shift == 0) writeRow(from, scale, shift, to, rowBytes, mean, inverse, true, false);
    else writeRow(from, scale, shift, to, rowBytes, mean, inverse, true, true);
  }
}

// @ts-ignore: decorator
@inline
function writeRow(
  x: usize, scale: usize, shift: usize, y: usize, rowBytes: usize, mean: f32, inverse: f32, scaled: bool, shifted: bool,
): void {
  const means = f32x4.splat(mean), inverses = f32x4.splat(inverse);
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    let value = f32x4.mul(f32x4.sub(read(x + at, one), means), inverses);
    if (scaled && shifted) value = multiplyAdd(value, read(scale + at, one), read(shift + at, one));
    else if (scaled) value = f32x4.mul(value, read(scale + at, one));
    else if (shifted) value = f32x4.add(value, read(shift + at, one));
    write(y + at, value, one);
  }
}

/** The sum of (x - mean)^2 over a row. */
// @ts-ignore: decorator
@inline
function squaresOf(from: usize, bytes: usize, mean: f32): f64 {
  const end = from + bytes;
  const means = f32x4.splat(mean);
  let total: f64 = 0;
  while (from + 16 <= end) {
    const last = min(end, from + BLOCK_BYTES);
    let even = f32x4.splat(0), odd = f32x4.splat(0);
    for (; from + 32 <= last; from += 32) {
      const a = f32x4.sub(v128.load(from), means), b = f32x4.sub(v128.load(from, 16), means);
      even = multiplyAdd(a, a, even);
      odd = multiplyAdd(b, b, odd);
    }
    if (from + 16 <= last) {
      const a = f32x4.sub(v128.load(from), means);
      even = multiplyAdd(a, a, even);
      from += 16;
    }
    total += sumOfLanes(even) + sumOfLanes(odd);
  }
  for (; from < end; from += 4) {
    const difference = <f64>(load<f32>(from) - mean);
    total += difference * difference;
  }
  return total;
}

/** dx of the rows first <= i < last, and their statistics [rows, 2]: mean and inverse. */
export function layerNormGradient(
  x: usize, dy: usize, scale: usize, statistics: usize, dx: usize, first: i32, last: i32, columns: i32, epsilon: f64,
  centred: bool,
): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    const skip = <usize>row * rowBytes;
    const mean: f32 = centred ? <f32>(sumOf(x + skip, rowBytes) / <f64>columns) : 0;
    const at = statistics + <usize>row * 8;
    store<f32>(at, mean);
    if (scale == 0) gradientRow(x + skip, dy + skip, scale, at, dx + skip, columns, mean, epsilon, centred, false);
    else gradientRow(x + skip, dy + skip, scale, at, dx + skip, columns, mean, epsilon, centred, true);
  }
}

// @ts-ignore: decorator
@inline
function gradientRow(
  x: usize, dy: usize, scale: usize, statistics: usize, dx: usize, columns: i32, mean: f32, epsilon: f64,
  centred: bool, scaled: bool,
): void {
  const rowBytes = <usize>columns * 4;
  const means = f32x4.splat(mean);
  let squares: f64 = 0, gradients: f64 = 0, products: f64 = 0;
  let at: usize = 0;
  while (at + 16 <= rowBytes) {
    const last = min(rowBytes, at + BLOCK_BYTES);
    let square = f32x4.splat(0), sum = f32x4.splat(0), product = f32x4.splat(0);
    for (; at + 16 <= last; at += 16) {
      const difference = f32x4.sub(v128.load(x + at), means);
      const gradient = gradientAt(dy, scale, at, scaled, false);
      square = multiplyAdd(difference, difference, square);
      sum = f32x4.add(sum, gradient);
      product = multiplyAdd(gradient, difference, product);
    }
    squares += sumOfLanes(square);
    gradients += sumOfLanes(sum);
    products += sumOfLanes(product);
  }
  for (; at < rowBytes; at += 4) {
    const difference = load<f32>(x + at) - mean;
    const gradient = load<f32>(dy + at) * (scaled ? load<f32>(scale + at) : 1);
    squares += <f64>difference * <f64>difference;
    gradients += <f64>gradient;
    products += <f64>gradient * <f64>difference;
  }
  const count = <f64>columns;
  const inverse = 1 / Math.sqrt(squares / count + epsilon);
  store<f32>(statistics, <f32>inverse, 4);
  const factors = f32x4.splat(<f32>inverse);
  const along = f32x4.splat(<f32>((-products * inverse * inverse) / count));
  const shared = f32x4.splat(centred ? <f32>(-gradients / count) : 0);
  for (at = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    const difference = f32x4.sub(read(x + at, one), means);
    const gradient = f32x4.add(gradientAt(dy, scale, at, scaled, one), shared);
    write(dx + at, f32x4.mul(factors, multiplyAdd(difference, along, gradient)), one);
  }
}

/** dy, times scale where there is one. */
// @ts-ignore: decorator
@inline
function gradientAt(dy: usize, scale: usize, at: usize, scaled: bool, one: bool): v128 {
  const gradient = read(dy + at, one);
  return scaled ? f32x4.mul(gradient, read(scale + at, one)) : gradient;
}

/** Sums of dy * (x - mean) * inverse and of dy over the slices begin <= i < end: scales and shifts [slices, channels]. */
export function layerNormSums(
  x: usize, dy: usize, statistics: usize, scales: usize, shifts: usize, begin: i32, end: i32, rows: i32, channels: i32,
  rowsPerSlice: i32,
): void {
  const rowBytes = <usize>channels * 4;
  for (let slice = begin; slice < end; slice++) {
    const products = scales + <usize>slice * rowBytes;
    const sums = shifts + <usize>slice * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
      write(products + at, f32x4.splat(0), rowBytes - at < 16);
      write(sums + at, f32x4.splat(0), rowBytes - at < 16);
    }
    const last = min(rows, (slice + 1) * rowsPerSlice);
    let row = slice * rowsPerSlice;
    for (; row + 4 <= last; row += 4) addRows(x, dy, statistics, products, sums, row, rowBytes, 4);
    for (; row < last; row++) addRows(x, dy, statistics, products, sums, row, rowBytes, 1);
  }
}

/** Adds one row, or four, one after the other: sums are read and written once for all of them. */
// @ts-ignore: decorator
@inline
function addRows(
  x: usize, dy: usize, statistics: usize, products: usize, sums: usize, row: i32, rowBytes: usize, rows: i32,
): void {
  const skip = <usize>row * rowBytes;
  const moments = statistics + <usize>row * 8;
  for (let at: usize = 0; at < rowBytes; at += advance(rowBytes - at)) {
    const one = rowBytes - at < 16;
    let product = read(products + at, one), sum = read(sums + at, one);
    for (let i: usize = 0; i < <usize>rows; i++) {
      const place = skip + at + i * rowBytes;
      const gradient = read(dy + place, one);
      const difference = f32x4.sub(read(x + place, one), v128.load32_splat(moments + i * 8));
      product = multiplyAdd(gradient, f32x4.mul(difference, v128.load32_splat(moments + i * 8, 4)), product);
      sum = f32x4.add(sum, gradient);
    }
    write(products + at, product, one);
    write(sums + at, sum, one);
  }
}
