/**
 * Depthwise convolution: every channel has its own filter, y[c] = sum over r, s of x[r, s, c] * w[r, s, c].
 * There is no reuse across channels for a matrix product to exploit; the loop runs along channels, 16 at a time.
 */
import { finish, finishOne } from './epilogue';
import { multiplyAdd } from './tile';

/** Computes the output rows begin <= u < end; see conv2d. */
export function depthwise(
  x: usize, w: usize, scale: usize, shift: usize, residual: usize, out: usize,
  begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32, bits: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>(unit / outHeight) * <usize>height * lineBytes;
    const top = (unit % outHeight) * strideHeight - padTop;
    const firstRow = firstTap(top, dilationHeight);
    const lastRow = lastTap(top, dilationHeight, height, kernelHeight);
    for (let q = 0; q < outWidth; q++) {
      const left = q * strideWidth - padLeft;
      const firstColumn = firstTap(left, dilationWidth);
      const lastColumn = lastTap(left, dilationWidth, width, kernelWidth);
      const line = top + firstRow * dilationHeight;
      const column = left + firstColumn * dilationWidth;
      const pixel = (<usize>unit * <usize>outWidth + <usize>q) * pixelBytes;
      onePixel(
        image + <usize>line * lineBytes + <usize>column * pixelBytes,
        <usize>dilationHeight * lineBytes, <usize>dilationWidth * pixelBytes,
        w + <usize>(firstRow * kernelWidth + firstColumn) * pixelBytes, <usize>kernelWidth * pixelBytes, pixelBytes,
        lastRow - firstRow, lastColumn - firstColumn, channels,
        out + pixel, bits, scale, shift, residual + pixel,
      );
    }
  }
}

/**
 * All channels of one output pixel, over the `rows` x `columns` taps that lie inside the image. `from` and `by`
 * point to the first of them in image and weights; `rowBytes` and `tapBytes` lead to the next row and tap of the
 * image, `weightRowBytes` and `weightTapBytes` to those of the weights. Sums that wrap around lead backwards.
 */
export function onePixel(
  from: usize, rowBytes: usize, tapBytes: usize, by: usize, weightRowBytes: usize, weightTapBytes: usize,
  rows: i32, columns: i32, channels: i32,
  out: usize, bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  const pixelBytes = <usize>channels * 4;
  let at: usize = 0;
  for (; at + 64 <= pixelBytes; at += 64) {
    // Four independent sums: a single one would wait for its own last addition.
    let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0), sum3 = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      let value = from + <usize>r * rowBytes + at;
      let weight = by + <usize>r * weightRowBytes + at;
      for (let s = 0; s < columns; s++) {
        sum0 = multiplyAdd(v128.load(value), v128.load(weight), sum0);
        sum1 = multiplyAdd(v128.load(value, 16), v128.load(weight, 16), sum1);
        sum2 = multiplyAdd(v128.load(value, 32), v128.load(weight, 32), sum2);
        sum3 = multiplyAdd(v128.load(value, 48), v128.load(weight, 48), sum3);
        value += tapBytes;
        weight += weightTapBytes;
      }
    }
    storeFour(out, at, sum0, bits, scale, shift, residual);
    storeFour(out, at + 16, sum1, bits, scale, shift, residual);
    storeFour(out, at + 32, sum2, bits, scale, shift, residual);
    storeFour(out, at + 48, sum3, bits, scale, shift, residual);
  }
  for (; at + 16 <= pixelBytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      let value = from + <usize>r * rowBytes + at;
      let weight = by + <usize>r * weightRowBytes + at;
      for (let s = 0; s < columns; s++) {
        sum = multiplyAdd(v128.load(value), v128.load(weight), sum);
        value += tapBytes;
        weight += weightTapBytes;
      }
    }
    storeFour(out, at, sum, bits, scale, shift, residual);
  }
  for (; at < pixelBytes; at += 4) {
    let sum: f32 = 0;
    for (let r = 0; r < rows; r++) {
      for (let s = 0; s < columns; s++) {
        const value = load<f32>(from + <usize>r * rowBytes + <usize>s * tapBytes + at);
        sum += value * load<f32>(by + <usize>r * weightRowBytes + <usize>s * weightTapBytes + at);
      }
    }
    store<f32>(out + at, finishOne(sum, bits, scale + at, shift + at, residual + at));
  }
}

/** The first tap that lies inside, for taps at start + tap * dilation. */
export function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One past the last tap that lies below `size`; at least firstTap. */
export function lastTap(start: i32, dilation: i32, size: i32, taps: i32): i32 {
  const fit = (size - start + dilation - 1) / dilation;
  return max(firstTap(start, dilation), min(taps, fit));
}

/** Stores the four channels at byte `at` of a pixel. */
// @ts-ignore: decorator
@inline
function storeFour(out: usize, at: usize, sums: v128, bits: i32, scale: usize, shift: usize, residual: usize): void {
  v128.store(out + at, finish(sums, bits, scale + at, shift + at, residual + at));
}
