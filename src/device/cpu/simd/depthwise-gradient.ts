/** The two gradients of a depthwise convolution; every channel has its own filter (see depthwise.ts). */
import { firstTap, lastTap, onePixel } from './depthwise';
import { zeroFloats } from './pack';
import { countReaching, lastReaching, outputStep, tapStep } from './reach';
import { multiplyAdd } from './tile';

/** The rows begin <= u < end of dx: for each pixel the taps that reach it, which pair up with outputs backwards. */
export function depthwiseInputGradient(
  dy: usize, w: usize, dx: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>outWidth * pixelBytes;
  const rowStep = tapStep(strideHeight, dilationHeight);
  const columnStep = tapStep(strideWidth, dilationWidth);
  const rowDilation = outputStep(strideHeight, dilationHeight);
  const columnDilation = outputStep(strideWidth, dilationWidth);
  for (let unit = begin; unit < end; unit++) {
    const image = dy + <usize>(unit / height) * <usize>outHeight * lineBytes;
    const place = (unit % height) + padTop;
    const lastRow = lastReaching(place, strideHeight, dilationHeight, kernelHeight);
    const top = (place - lastRow * dilationHeight) / strideHeight;
    const firstI = firstTap(top, rowDilation);
    const lastI = lastTap(top, rowDilation, outHeight, countReaching(lastRow, rowStep));
    for (let column = 0; column < width; column++) {
      const lastColumn = lastReaching(column + padLeft, strideWidth, dilationWidth, kernelWidth);
      const left = (column + padLeft - lastColumn * dilationWidth) / strideWidth;
      const firstJ = firstTap(left, columnDilation);
      const lastJ = lastTap(left, columnDilation, outWidth, countReaching(lastColumn, columnStep));
      const r = lastRow - firstI * rowStep;
      const s = lastColumn - firstJ * columnStep;
      const p = top + firstI * rowDilation;
      const q = left + firstJ * columnDilation;
      onePixel(
        image + <usize>p * lineBytes + <usize>q * pixelBytes,
        <usize>rowDilation * lineBytes, <usize>columnDilation * pixelBytes,
        w + <usize>(r * kernelWidth + s) * pixelBytes,
        <usize>(-rowStep * kernelWidth) * pixelBytes, <usize>(-columnStep) * pixelBytes,
        lastI - firstI, lastJ - firstJ, channels,
        dx + (<usize>unit * <usize>width + <usize>column) * pixelBytes, 0, 0, 0, 0,
      );
    }
  }
}

/** dw of the output positions `first` <= i < `last`: each tap sums x times dy along them, 16 channels at a time. */
export function depthwiseWeightGradient(
  x: usize, dy: usize, out: usize, first: i32, last: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  zeroFloats(out, kernelHeight * kernelWidth * channels);
  for (let from = first; from < last; ) {
    // A piece of one output row at a time: within it, x and dy are reached by constant steps.
    const line = from / outWidth;
    const q = from % outWidth;
    const count = min(outWidth - q, last - from);
    const image = x + <usize>(line / outHeight) * <usize>(height * width) * pixelBytes;
    for (let r = 0; r < kernelHeight; r++) {
      const row = (line % outHeight) * strideHeight - padTop + r * dilationHeight;
      if (row < 0 || row >= height) continue;
      for (let s = 0; s < kernelWidth; s++) {
        const left = q * strideWidth - padLeft + s * dilationWidth;
        const begin = firstTap(left, strideWidth);
        const end = lastTap(left, strideWidth, width, count);
        addProducts(
          image + <usize>(row * width + left + begin * strideWidth) * pixelBytes, <usize>strideWidth * pixelBytes,
          dy + <usize>(from + begin) * pixelBytes, end - begin, channels,
          out + <usize>(r * kernelWidth + s) * pixelBytes,
        );
      }
    }
    from += count;
  }
}

/** out[c] += the sum of x[c] * dy[c] over `count` positions; those of dy follow each other. */
function addProducts(x: usize, stepBytes: usize, dy: usize, count: i32, channels: i32, out: usize): void {
  if (count <= 0) return;
  const pixelBytes = <usize>channels * 4;
  let at: usize = 0;
  for (; at + 64 <= pixelBytes; at += 64) {
    let a = x + at;
    let b = dy + at;
    let sum0 = v128.load(out + at), sum1 = v128.load(out + at, 16);
    let sum2 = v128.load(out + at, 32), sum3 = v128.load(out + at, 48);
    for (let i = 0; i < count; i++) {
      sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0);
      sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1);
      sum2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), sum2);
      sum3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), sum3);
      a += stepBytes;
      b += pixelBytes;
    }
    v128.store(out + at, sum0);
    v128.store(out + at, sum1, 16);
    v128.store(out + at, sum2, 32);
    v128.store(out + at, sum3, 48);
  }
  for (; at + 16 <= pixelBytes; at += 16) {
    let sum = v128.load(out + at);
    for (let i: usize = 0; i < <usize>count; i++) {
      sum = multiplyAdd(v128.load(x + at + i * stepBytes), v128.load(dy + at + i * pixelBytes), sum);
    }
    v128.store(out + at, sum);
  }
  for (; at < pixelBytes; at += 4) {
    let sum = load<f32>(out + at);
    for (let i: usize = 0; i < <usize>count; i++) {
      sum += load<f32>(x + at + i * stepBytes) * load<f32>(dy + at + i * pixelBytes);
    }
    store<f32>(out + at, sum);
  }
}
