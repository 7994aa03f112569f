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
  const tapBytes = <usize>dilationWidth * pixelBytes;
  const kernelLineBytes = <usize>kernelWidth * pixelBytes;
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>(unit / outHeight) * <usize>height * lineBytes;
    const top = (unit % outHeight) * strideHeight - padTop;
    const firstRow = firstTap(top, dilationHeight);
    const lastRow = lastTap(top, dilationHeight, height, kernelHeight);
    for (let q = 0; q < outWidth; q++) {
      const left = q * strideWidth - padLeft;
      const firstColumn = firstTap(left, dilationWidth);
      const lastColumn = lastTap(left, dilationWidth, width, kernelWidth);
      const pixel = (<usize>unit * <usize>outWidth + <usize>q) * pixelBytes;
      const corner = image + (<usize>((top + firstRow * dilationHeight) * width)
        + <usize>(left + firstColumn * dilationWidth)) * pixelBytes;
      const weights = w + <usize>firstRow * kernelLineBytes + <usize>firstColumn * pixelBytes;
      const rowStep = <usize>dilationHeight * lineBytes;
      const rows = lastRow - firstRow;
      const columns = lastColumn - firstColumn;
      let channel = 0;
      for (; channel + 16 <= channels; channel += 16) {
        const at = <usize>channel * 4;
        let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0), sum3 = f32x4.splat(0);
        for (let r = 0; r < rows; r++) {
          let from = corner + <usize>r * rowStep + at;
          let by = weights + <usize>r * kernelLineBytes + at;
          for (let s = 0; s < columns; s++) {
            sum0 = multiplyAdd(v128.load(from), v128.load(by), sum0);
            sum1 = multiplyAdd(v128.load(from, 16), v128.load(by, 16), sum1);
            sum2 = multiplyAdd(v128.load(from, 32), v128.load(by, 32), sum2);
            sum3 = multiplyAdd(v128.load(from, 48), v128.load(by, 48), sum3);
            from += tapBytes;
            by += pixelBytes;
          }
        }
        storeFour(out + pixel, at, sum0, bits, scale, shift, residual + pixel);
        storeFour(out + pixel, at + 16, sum1, bits, scale, shift, residual + pixel);
        storeFour(out + pixel, at + 32, sum2, bits, scale, shift, residual + pixel);
        storeFour(out + pixel, at + 48, sum3, bits, scale, shift, residual + pixel);
      }
      for (; channel + 4 <= channels; channel += 4) {
        const at = <usize>channel * 4;
        let sum = f32x4.splat(0);
        for (let r = 0; r < rows; r++) {
          let from = corner + <usize>r * rowStep + at;
          let by = weights + <usize>r * kernelLineBytes + at;
          for (let s = 0; s < columns; s++) {
            sum = multiplyAdd(v128.load(from), v128.load(by), sum);
            from += tapBytes;
            by += pixelBytes;
          }
        }
        storeFour(out + pixel, at, sum, bits, scale, shift, residual + pixel);
      }
      for (; channel < channels; channel++) {
        const at = <usize>channel * 4;
        let sum: f32 = 0;
        for (let r = 0; r < rows; r++) {
          let from = corner + <usize>r * rowStep + at;
          let by = weights + <usize>r * kernelLineBytes + at;
          for (let s = 0; s < columns; s++) {
            sum += load<f32>(from) * load<f32>(by);
            from += tapBytes;
            by += pixelBytes;
          }
        }
        store<f32>(out + pixel + at, finishOne(sum, bits, scale + at, shift + at, residual + pixel + at));
      }
    }
  }
}

/** The first tap that lies inside, for taps at start + tap * dilation. */
function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** One past the last tap that lies below `size`; at least firstTap. */
function lastTap(start: i32, dilation: i32, size: i32, taps: i32): i32 {
  const fit = (size - start + dilation - 1) / dilation;
  return max(firstTap(start, dilation), min(taps, fit));
}

/** Stores the four channels at byte `at` of a pixel. */
// @ts-ignore: decorator
@inline
function storeFour(out: usize, at: usize, sums: v128, bits: i32, scale: usize, shift: usize, residual: usize): void {
  v128.store(out + at, finish(sums, bits, scale + at, shift + at, residual + at));
}
