/**
 * Images of another size and their gradient (src/ops/image/resize-kernels.ts), with channels as vectors. Pixel i lies at
 * (step i + start) / unit - 1 of an axis: src/ops/image/resize-axis.ts.
 */
import { advance, read, write } from './lanes';
import { zeroFloats } from './pack';

/** The weight of neighbour k of `taps` in a pixel that lies `t` behind the place before it. */
// @ts-ignore: decorator
@inline
function weightOf(taps: i32, k: i32, t: f32): f32 {
  if (taps == 1) return 1;
  if (taps == 2) return k == 0 ? 1 - t : t;
  const distance = abs<f32>(t + 1 - <f32>k);
  return distance <= 1
    ? (1 - distance) * (1 + distance - 1.25 * distance * distance)
    : 0.75 * (1 - distance) * (2 - distance) * (2 - distance);
}

// @ts-ignore: decorator
@inline
function firstNeighbour(taps: i32, scaled: i32, unit: i32): i32 {
  return scaled / unit - 1 - i32(taps == 4);
}

// @ts-ignore: decorator
@inline
function within(place: i32, size: i32): i32 {
  return min(max(place, 0), size - 1);
}

/** The weight of `place` in a pixel, whose neighbour it may be several times at an edge. */
// @ts-ignore: decorator
@inline
function weightIn(taps: i32, scaled: i32, unit: i32, size: i32, place: i32): f32 {
  const first = firstNeighbour(taps, scaled, unit);
  const t = <f32>(scaled % unit) / <f32>unit;
  let sum: f32 = 0;
  for (let k = 0; k < taps; k++) if (within(first + k, size) == place) sum += weightOf(taps, k, t);
  return sum;
}

/** The first pixel that lies at `place` or behind it. */
// @ts-ignore: decorator
@inline
function firstFrom(place: i32, step: i32, start: i32, unit: i32): i32 {
  return (max((place + 1) * unit - start, 0) + step - 1) / step;
}

/** Computes the output rows begin <= u < end: the weighted rows of x, each of weighted neighbours. */
export function resize(
  x: usize, y: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, taps: i32,
  rowStep: i32, rowStart: i32, rowUnit: i32, columnStep: i32, columnStart: i32, columnUnit: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  const last = taps - 1, middle = taps >> 1, before = max(middle - 1, 0);
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>(unit / outHeight) * <usize>height * lineBytes;
    const scaled = rowStep * (unit % outHeight) + rowStart;
    const first = firstNeighbour(taps, scaled, rowUnit);
    const t = <f32>(scaled % rowUnit) / <f32>rowUnit;
    // Four lines, of which fewer neighbours leave out some: 0, 0 and 1, or 0 to 3.
    const line0 = image + <usize>within(first, height) * lineBytes;
    const line1 = image + <usize>within(first + before, height) * lineBytes;
    const line2 = image + <usize>within(first + middle, height) * lineBytes;
    const line3 = image + <usize>within(first + last, height) * lineBytes;
    const u0 = f32x4.splat(weightOf(taps, 0, t)), u1 = f32x4.splat(weightOf(taps, before, t));
    const u2 = f32x4.splat(weightOf(taps, middle, t)), u3 = f32x4.splat(weightOf(taps, last, t));
    for (let q = 0; q < outWidth; q++) {
      const scaledColumn = columnStep * q + columnStart;
      const left = firstNeighbour(taps, scaledColumn, columnUnit);
      const s = <f32>(scaledColumn % columnUnit) / <f32>columnUnit;
      const at0 = <usize>within(left, width) * pixelBytes, at1 = <usize>within(left + before, width) * pixelBytes;
      const at2 = <usize>within(left + middle, width) * pixelBytes, at3 = <usize>within(left + last, width) * pixelBytes;
      const v0 = f32x4.splat(weightOf(taps, 0, s)), v1 = f32x4.splat(weightOf(taps, before, s));
      const v2 = f32x4.splat(weightOf(taps, middle, s)), v3 = f32x4.splat(weightOf(taps, last, s));
      const out = y + (<usize>unit * <usize>outWidth + <usize>q) * pixelBytes;
      for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
        const one = pixelBytes - at < 16;
        let sum: v128;
        if (taps == 1) {
          sum = read(line0 + at0 + at, one);
        } else if (taps == 2) {
          sum = f32x4.add(
            f32x4.mul(u0, two(line0 + at, at0, at3, v0, v3, one)),
            f32x4.mul(u3, two(line3 + at, at0, at3, v0, v3, one)),
          );
        } else {
          sum = f32x4.add(
            f32x4.add(
              f32x4.mul(u0, four(line0 + at, at0, at1, at2, at3, v0, v1, v2, v3, one)),
              f32x4.mul(u1, four(line1 + at, at0, at1, at2, at3, v0, v1, v2, v3, one)),
            ),
            f32x4.add(
              f32x4.mul(u2, four(line2 + at, at0, at1, at2, at3, v0, v1, v2, v3, one)),
              f32x4.mul(u3, four(line3 + at, at0, at1, at2, at3, v0, v1, v2, v3, one)),
            ),
          );
        }
        write(out + at, sum, one);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function two(line: usize, at0: usize, at1: usize, v0: v128, v1: v128, one: bool): v128 {
  return f32x4.add(f32x4.mul(v0, read(line + at0, one)), f32x4.mul(v1, read(line + at1, one)));
}

// @ts-ignore: decorator
@inline
function four(
  line: usize, at0: usize, at1: usize, at2: usize, at3: usize, v0: v128, v1: v128, v2: v128, v3: v128, one: bool,
): v128 {
  return f32x4.add(two(line, at0, at1, v0, v1, one), two(line, at2, at3, v2, v3, one));
}

/** Computes the rows begin <= u < end of dx from the pixels that have their places as neighbours. */
export function resizeGradient(
  dy: usize, dx: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, taps: i32,
  rowStep: i32, rowStart: i32, rowUnit: i32, columnStep: i32, columnStart: i32, columnUnit: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const before = i32(taps == 4);
  zeroFloats(dx + <usize>begin * <usize>width * pixelBytes, (end - begin) * width * channels);
  for (let unit = begin; unit < end; unit++) {
    const row = unit % height;
    const image = unit / height * outHeight;
    const below = row + 1 + before;
    const endRow = row == height - 1 ? outHeight : min(outHeight, firstFrom(below, rowStep, rowStart, rowUnit));
    const firstRow = firstFrom(below - taps, rowStep, rowStart, rowUnit);
    for (let s = 0; s < width; s++) {
      const behind = s + 1 + before;
      const endColumn = s == width - 1 ? outWidth : min(outWidth, firstFrom(behind, columnStep, columnStart, columnUnit));
      const firstColumn = firstFrom(behind - taps, columnStep, columnStart, columnUnit);
      const out = dx + <usize>(unit * width + s) * pixelBytes;
      for (let q = firstColumn; q < endColumn; q++) {
        const share = weightIn(taps, columnStep * q + columnStart, columnUnit, width, s);
        for (let p = firstRow; p < endRow; p++) {
          const weight = f32x4.splat(share * weightIn(taps, rowStep * p + rowStart, rowUnit, height, row));
          const from = dy + <usize>((image + p) * outWidth + q) * pixelBytes;
          for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
            const one = pixelBytes - at < 16;
            write(out + at, f32x4.add(read(out + at, one), f32x4.mul(weight, read(from + at, one))), one);
          }
        }
      }
    }
  }
}
