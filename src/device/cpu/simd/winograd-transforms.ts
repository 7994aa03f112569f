/**
 * The transforms of Winograd's F(4x4, 3x3), whose matrices follow from the points 0, 1, -1, 1/2, -2 and infinity. These
 * points round less than the usual 0, 1, -1, 2, -2 (Barabasz and others, "Error analysis and improving the accuracy of
 * Winograd convolution for deep neural networks", 2018).
 *
 *          1  -3/2   -2   3/2    1    0              1      0      0               1    0    0    0
 *          0   -1   1/2   5/2    1    0             1/3    1/3    1/3              1    1    1    1
 *     B' = 0    1  -5/2   1/2    1    0       G =  -1/3    1/3   -1/3         A =  1   -1    1   -1
 *          0   -2   -1     2     1    0           -16/15  -8/15  -4/15             1   1/2  1/4  1/8
 *          0   1/2  -1   -1/2    1    0            1/15   -2/15   4/15             1   -2    4   -8
 *          0    1  -3/2   -2    3/2   1              0      0      1               0    0    0    1
 *
 * Every transform goes along the lines of a square first and then across them. Between the two it lies in `scratch`,
 * SCRATCH_BYTES long. A cache line of channels is done at a time: pixels, and the 36 elements (positions) of the result,
 * lie at distances that fall into few sets of the cache.
 */
import { finish } from './epilogue';
import { multiplyAdd, NARROW, WIDE } from './tile';
import { widePanels } from './layout';

/** Rows and columns of a transformed square. */
const SIDE: i32 = 6;
export const POSITIONS: i32 = 36;
/** Rows and columns of outputs that one square gives. */
export const TILE_SIDE: i32 = 4;
const LINE_BYTES: usize = 64;
export const SCRATCH_BYTES: usize = <usize>POSITIONS * LINE_BYTES;
/** From one vector's square in the scratch memory to the next's, in vectors. */
const SQUARE: usize = <usize>POSITIONS;
const ROW: usize = <usize>SIDE * 16;

/**
 * B' d B of the 6 x 6 pixels from (top, left) on, for `depth` channels from `image` on, to positions `positionBytes`
 * apart. What lies outside the image is read from `zeros`, a cache line of them.
 */
export function transformPixels(
  image: usize, height: i32, width: i32, channels: i32, top: i32, left: i32, depth: i32,
  zeros: usize, scratch: usize, to: usize, positionBytes: usize,
): void {
  const pixelBytes = <usize>channels * 4;
  const end = <usize>depth * 4;
  for (let at: usize = 0; at < end; at += LINE_BYTES) {
    const bytes = min(LINE_BYTES, end - at);
    for (let y = 0; y < SIDE; y++) {
      const row = top + y;
      const columns = row >= 0 && row < height ? width : 0;
      const first = image + at + <usize>(row * width + left) * pixelBytes;
      const p0 = <u32>left < <u32>columns ? first : zeros;
      const p1 = <u32>(left + 1) < <u32>columns ? first + pixelBytes : zeros;
      const p2 = <u32>(left + 2) < <u32>columns ? first + pixelBytes * 2 : zeros;
      const p3 = <u32>(left + 3) < <u32>columns ? first + pixelBytes * 3 : zeros;
      const p4 = <u32>(left + 4) < <u32>columns ? first + pixelBytes * 4 : zeros;
      const p5 = <u32>(left + 5) < <u32>columns ? first + pixelBytes * 5 : zeros;
      const line = scratch + <usize>y * ROW;
      for (let v: usize = 0; v < bytes; v += 16) {
        pixelLine(
          v128.load(p0 + v), v128.load(p1 + v), v128.load(p2 + v),
          v128.load(p3 + v), v128.load(p4 + v), v128.load(p5 + v),
          line + v * SQUARE, 16,
        );
      }
    }
    for (let x: usize = 0; x < <usize>SIDE; x++) {
      const column = to + at + x * positionBytes;
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = scratch + v * SQUARE + x * 16;
        pixelLine(
          v128.load(from), v128.load(from, ROW), v128.load(from, 2 * ROW),
          v128.load(from, 3 * ROW), v128.load(from, 4 * ROW), v128.load(from, 5 * ROW),
          column + v, <usize>SIDE * positionBytes,
        );
      }
    }
  }
}

/** B' times a column of six, to places `next` bytes apart. */
// @ts-ignore: decorator
@inline
function pixelLine(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, next: usize): void {
  const a = f32x4.sub(d4, d2);
  const b = f32x4.sub(d3, d1);
  const oneAndHalf = f32x4.splat(1.5);
  v128.store(to, multiplyAdd(oneAndHalf, b, f32x4.add(f32x4.sub(d0, d2), a)));
  const u = multiplyAdd(oneAndHalf, d3, a);
  const w = multiplyAdd(oneAndHalf, d2, b);
  v128.store(to + next, f32x4.add(u, w));
  v128.store(to + 2 * next, f32x4.sub(u, w));
  v128.store(to + 3 * next, multiplyAdd(f32x4.splat(2), b, a));
  v128.store(to + 4 * next, multiplyAdd(f32x4.splat(-0.5), b, a));
  v128.store(to + 5 * next, multiplyAdd(oneAndHalf, a, f32x4.sub(f32x4.sub(d5, d3), b)));
}

/** G g G' of four neighbouring weights of each tap, taps `next` bytes apart, to positions `positionBytes` apart. */
// @ts-ignore: decorator
@inline
export function transformTaps(from: usize, next: usize, to: usize, positionBytes: usize): void {
  const g00 = v128.load(from);
  const g01 = v128.load(from + next);
  const g02 = v128.load(from + 2 * next);
  from += 3 * next;
  const g10 = v128.load(from);
  const g11 = v128.load(from + next);
  const g12 = v128.load(from + 2 * next);
  from += 3 * next;
  const g20 = v128.load(from);
  const g21 = v128.load(from + next);
  const g22 = v128.load(from + 2 * next);
  const nextRow = <usize>SIDE * positionBytes;
  tapLine(g00, g01, g02, to, positionBytes);
  to += nextRow;
  tapLine(third(g00, g10, g20), third(g01, g11, g21), third(g02, g12, g22), to, positionBytes);
  to += nextRow;
  tapLine(turnedThird(g00, g10, g20), turnedThird(g01, g11, g21), turnedThird(g02, g12, g22), to, positionBytes);
  to += nextRow;
  tapLine(atHalf(g00, g10, g20), atHalf(g01, g11, g21), atHalf(g02, g12, g22), to, positionBytes);
  to += nextRow;
  tapLine(atMinusTwo(g00, g10, g20), atMinusTwo(g01, g11, g21), atMinusTwo(g02, g12, g22), to, positionBytes);
  to += nextRow;
  tapLine(g20, g21, g22, to, positionBytes);
}

/** G times a column of three, to places `next` bytes apart. */
// @ts-ignore: decorator
@inline
function tapLine(g0: v128, g1: v128, g2: v128, to: usize, next: usize): void {
  v128.store(to, g0);
  v128.store(to + next, third(g0, g1, g2));
  v128.store(to + 2 * next, turnedThird(g0, g1, g2));
  v128.store(to + 3 * next, atHalf(g0, g1, g2));
  v128.store(to + 4 * next, atMinusTwo(g0, g1, g2));
  v128.store(to + 5 * next, g2);
}

/** (a + b + c) / 3. */
// @ts-ignore: decorator
@inline
function third(a: v128, b: v128, c: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.add(a, c), b), f32x4.splat(<f32>(1.0 / 3.0)));
}

/** (b - a - c) / 3. */
// @ts-ignore: decorator
@inline
function turnedThird(a: v128, b: v128, c: v128): v128 {
  return f32x4.mul(f32x4.sub(b, f32x4.add(a, c)), f32x4.splat(<f32>(1.0 / 3.0)));
}

/** -(16 a + 8 b + 4 c) / 15. */
// @ts-ignore: decorator
@inline
function atHalf(a: v128, b: v128, c: v128): v128 {
  const sum = multiplyAdd(f32x4.splat(0.25), c, multiplyAdd(f32x4.splat(0.5), b, a));
  return f32x4.mul(sum, f32x4.splat(<f32>(-16.0 / 15.0)));
}

/** (a - 2 b + 4 c) / 15. */
// @ts-ignore: decorator
@inline
function atMinusTwo(a: v128, b: v128, c: v128): v128 {
  const sum = multiplyAdd(f32x4.splat(4), c, multiplyAdd(f32x4.splat(-2), b, a));
  return f32x4.mul(sum, f32x4.splat(<f32>(1.0 / 15.0)));
}

/**
 * A' m A of one tile, and the epilogue, for `columns` channels: `rows` x `across` outputs, four by four but at the edges,
 * `pixelBytes` and `lineBytes` apart.
 */
export function transformProducts(
  products: usize, positionBytes: usize, columns: i32, scratch: usize,
  out: usize, pixelBytes: usize, lineBytes: usize, rows: i32, across: i32,
  bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  const end = <usize>columns * 4;
  const nextRow = <usize>SIDE * positionBytes;
  for (let at: usize = 0; at < end; at += LINE_BYTES) {
    const bytes = min(LINE_BYTES, end - at);
    for (let x: usize = 0; x < <usize>SIDE; x++) {
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = products + at + v + x * positionBytes;
        const to = scratch + v * SQUARE + x * 16;
        const m0 = v128.load(from), m1 = v128.load(from + nextRow), m2 = v128.load(from + 2 * nextRow);
        const m3 = v128.load(from + 3 * nextRow), m4 = v128.load(from + 4 * nextRow);
        const sum = f32x4.add(m1, m2), difference = f32x4.sub(m1, m2);
        v128.store(to, output0(m0, sum, m3, m4));
        v128.store(to, output1(difference, m3, m4), ROW);
        v128.store(to, output2(sum, m3, m4), 2 * ROW);
        v128.store(to, output3(difference, m3, m4, v128.load(from + 5 * nextRow)), 3 * ROW);
      }
    }
    for (let y: usize = 0; y < <usize>rows; y++) {
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = scratch + v * SQUARE + y * ROW;
        const skip = y * lineBytes + at + v;
        const channel = at + v;
        const m0 = v128.load(from), m1 = v128.load(from, 16), m2 = v128.load(from, 32);
        const m3 = v128.load(from, 48), m4 = v128.load(from, 64);
        const sum = f32x4.add(m1, m2), difference = f32x4.sub(m1, m2);
        let to = out + skip, add = residual + skip;
        v128.store(to, finish(output0(m0, sum, m3, m4), bits, scale + channel, shift + channel, add));
        if (across == 1) continue;
        to += pixelBytes;
        add += pixelBytes;
        v128.store(to, finish(output1(difference, m3, m4), bits, scale + channel, shift + channel, add));
        if (across == 2) continue;
        to += pixelBytes;
        add += pixelBytes;
        v128.store(to, finish(output2(sum, m3, m4), bits, scale + channel, shift + channel, add));
        if (across == 3) continue;
        to += pixelBytes;
        add += pixelBytes;
        const last = output3(difference, m3, m4, v128.load(from, 80));
        v128.store(to, finish(last, bits, scale + channel, shift + channel, add));
      }
    }
  }
}

// The rows of A', with m1 + m2 and m1 - m2 taken out.

// @ts-ignore: decorator
@inline
function output0(m0: v128, sum: v128, m3: v128, m4: v128): v128 {
  return f32x4.add(f32x4.add(m0, sum), f32x4.add(m3, m4));
}

// @ts-ignore: decorator
@inline
function output1(difference: v128, m3: v128, m4: v128): v128 {
  return multiplyAdd(f32x4.splat(-2), m4, multiplyAdd(f32x4.splat(0.5), m3, difference));
}

// @ts-ignore: decorator
@inline
function output2(sum: v128, m3: v128, m4: v128): v128 {
  return multiplyAdd(f32x4.splat(4), m4, multiplyAdd(f32x4.splat(0.25), m3, sum));
}

// @ts-ignore: decorator
@inline
function output3(difference: v128, m3: v128, m4: v128, m5: v128): v128 {
  return multiplyAdd(f32x4.splat(-8), m4, multiplyAdd(f32x4.splat(0.125), m3, f32x4.add(difference, m5)));
}

/**
 * A y A' of the 4 x 4 outputs from (top, left) on, for `columns` filters from `image` on: a row of the panels that
 * `tiles` tiles make, the one of number `tile`.
 */
export function transformOutputs(
  image: usize, height: i32, width: i32, filters: i32, top: i32, left: i32, columns: i32,
  zeros: usize, scratch: usize, panels: usize, positionBytes: usize, tile: i32, tiles: i32,
): void {
  const pixelBytes = <usize>filters * 4;
  const end = <usize>columns * 4;
  let wide = widePanels(columns);
  let at: usize = 0;
  while (at < end) {
    const bytes: usize = <usize>(wide > 0 ? WIDE : NARROW) * 4;
    wide--;
    for (let y = 0; y < TILE_SIDE; y++) {
      const row = top + y;
      const inside = row < height ? width : 0;
      const first = image + at + <usize>(row * width + left) * pixelBytes;
      const p0 = left < inside ? first : zeros;
      const p1 = left + 1 < inside ? first + pixelBytes : zeros;
      const p2 = left + 2 < inside ? first + pixelBytes * 2 : zeros;
      const p3 = left + 3 < inside ? first + pixelBytes * 3 : zeros;
      const line = scratch + <usize>y * ROW;
      for (let v: usize = 0; v < bytes; v += 16) {
        outputLine(
          v128.load(p0 + v), v128.load(p1 + v), v128.load(p2 + v), v128.load(p3 + v), line + v * SQUARE, 16,
        );
      }
    }
    const to = panels + at * <usize>tiles + bytes * <usize>tile;
    for (let x: usize = 0; x < <usize>SIDE; x++) {
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = scratch + v * SQUARE + x * 16;
        outputLine(
          v128.load(from), v128.load(from, ROW), v128.load(from, 2 * ROW), v128.load(from, 3 * ROW),
          to + x * positionBytes + v, <usize>SIDE * positionBytes,
        );
      }
    }
    at += bytes;
  }
}

/** A times a column of four, to places `next` bytes apart. */
// @ts-ignore: decorator
@inline
function outputLine(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, next: usize): void {
  const even = f32x4.add(y0, y2);
  const odd = f32x4.add(y1, y3);
  v128.store(to, y0);
  v128.store(to + next, f32x4.add(even, odd));
  v128.store(to + 2 * next, f32x4.sub(even, odd));
  const quarter = f32x4.splat(0.25), four = f32x4.splat(4);
  v128.store(
    to + 3 * next,
    multiplyAdd(f32x4.splat(0.5), multiplyAdd(quarter, y3, y1), multiplyAdd(quarter, y2, y0)),
  );
  v128.store(
    to + 4 * next,
    multiplyAdd(f32x4.splat(-2), multiplyAdd(four, y3, y1), multiplyAdd(four, y2, y0)),
  );
  v128.store(to + 5 * next, y3);
}

/** G' m G, the gradient of nine taps `tapBytes` apart, for one row of `columns` weights of each. */
export function transformSums(
  sums: usize, positionBytes: usize, columns: i32, scratch: usize, out: usize, tapBytes: usize,
): void {
  const end = <usize>columns * 4;
  const nextRow = <usize>SIDE * positionBytes;
  for (let at: usize = 0; at < end; at += LINE_BYTES) {
    const bytes = min(LINE_BYTES, end - at);
    for (let x: usize = 0; x < <usize>SIDE; x++) {
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = sums + at + v + x * positionBytes;
        sumLine(
          v128.load(from), v128.load(from + nextRow), v128.load(from + 2 * nextRow),
          v128.load(from + 3 * nextRow), v128.load(from + 4 * nextRow), v128.load(from + 5 * nextRow),
          scratch + v * SQUARE + x * 16, ROW,
        );
      }
    }
    for (let y: usize = 0; y < 3; y++) {
      for (let v: usize = 0; v < bytes; v += 16) {
        const from = scratch + v * SQUARE + y * ROW;
        sumLine(
          v128.load(from), v128.load(from, 16), v128.load(from, 32),
          v128.load(from, 48), v128.load(from, 64), v128.load(from, 80),
          out + at + v + 3 * y * tapBytes, tapBytes,
        );
      }
    }
  }
}

/** G' times a column of six, to three places `next` bytes apart. */
// @ts-ignore: decorator
@inline
function sumLine(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, next: usize): void {
  const one = f32x4.splat(<f32>(1.0 / 3.0));
  const difference = f32x4.mul(f32x4.sub(m1, m2), one);
  const sum = f32x4.mul(f32x4.add(m1, m2), one);
  const half = f32x4.mul(m3, f32x4.splat(<f32>(-4.0 / 15.0)));
  const two = f32x4.mul(m4, f32x4.splat(<f32>(1.0 / 15.0)));
  v128.store(to, multiplyAdd(f32x4.splat(4), half, f32x4.add(f32x4.add(m0, difference), two)));
  v128.store(to + next, multiplyAdd(f32x4.splat(2), half, multiplyAdd(f32x4.splat(-2), two, sum)));
  v128.store(to + 2 * next, multiplyAdd(f32x4.splat(4), two, f32x4.add(f32x4.add(difference, half), m5)));
}
