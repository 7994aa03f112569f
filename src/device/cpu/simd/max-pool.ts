/** Max pooling (src/ops/pool-kernels.ts): rows of the output, channels as vectors. */
import { advance, read, write } from './lanes';

/** Computes the output rows begin <= u < end. NaN wins; places outside the image do not count. */
export function maxPool2d(
  x: usize, y: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, outHeight: i32, outWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>(unit / outHeight) * <usize>height * lineBytes;
    const top = (unit % outHeight) * strideHeight - padTop;
    const firstRow = max(top, 0), lastRow = min(height, top + kernelHeight);
    for (let q = 0; q < outWidth; q++) {
      const left = q * strideWidth - padLeft;
      const firstColumn = max(left, 0), lastColumn = min(width, left + kernelWidth);
      const out = y + (<usize>unit * <usize>outWidth + <usize>q) * pixelBytes;
      for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
        const one = pixelBytes - at < 16;
        let largest = f32x4.splat(-Infinity);
        for (let row = firstRow; row < lastRow; row++) {
          let from = image + <usize>row * lineBytes + <usize>firstColumn * pixelBytes + at;
          for (let column = firstColumn; column < lastColumn; column++) {
            const value = read(from, one);
            const wins = v128.or(f32x4.gt(value, largest), f32x4.ne(value, value));
            largest = v128.bitselect(value, largest, wins);
            from += pixelBytes;
          }
        }
        write(out + at, largest, one);
      }
    }
  }
}
