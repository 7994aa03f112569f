/** Average pooling and its gradient (src/ops/pool/average-pool-kernels.ts), with channels as vectors. */
import { advance, read, write } from './lanes';

/** Computes the output rows begin <= u < end; places outside the image are left out of the sums. */
export function averagePool2d(
  x: usize, y: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, outHeight: i32, outWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, countIncludePad: bool,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  for (let unit = begin; unit < end; unit++) {
    const image = x + <usize>(unit / outHeight) * <usize>height * lineBytes;
    const top = (unit % outHeight) * strideHeight - padTop;
    const firstRow = max(top, 0), endRow = min(height, top + kernelHeight);
    for (let q = 0; q < outWidth; q++) {
      const left = q * strideWidth - padLeft;
      const firstColumn = max(left, 0), endColumn = min(width, left + kernelWidth);
      const inside = (endRow - firstRow) * (endColumn - firstColumn);
      const places = f32x4.splat(<f32>(countIncludePad ? kernelHeight * kernelWidth : inside));
      const out = y + (<usize>unit * <usize>outWidth + <usize>q) * pixelBytes;
      for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
        const one = pixelBytes - at < 16;
        let sum = f32x4.splat(0);
        for (let row = firstRow; row < endRow; row++) {
          let from = image + <usize>row * lineBytes + <usize>firstColumn * pixelBytes + at;
          for (let column = firstColumn; column < endColumn; column++) {
            sum = f32x4.add(sum, read(from, one));
            from += pixelBytes;
          }
        }
        write(out + at, f32x4.div(sum, places), one);
      }
    }
  }
}

/** Computes the rows begin <= u < end of dx from the windows that cover their places. */
export function averagePool2dGradient(
  dy: usize, dx: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, outHeight: i32, outWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, countIncludePad: bool,
): void {
  const pixelBytes = <usize>channels * 4;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / height;
    const reach = (unit % height) + padTop;
    const firstRow = max(0, (reach - kernelHeight + strideHeight) / strideHeight);
    const endRow = min(outHeight, reach / strideHeight + 1);
    for (let w = 0; w < width; w++) {
      const across = w + padLeft;
      const firstColumn = max(0, (across - kernelWidth + strideWidth) / strideWidth);
      const endColumn = min(outWidth, across / strideWidth + 1);
      const out = dx + <usize>(unit * width + w) * pixelBytes;
      for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
        const one = pixelBytes - at < 16;
        let sum = f32x4.splat(0);
        for (let p = firstRow; p < endRow; p++) {
          const top = p * strideHeight - padTop;
          const rows = min(height, top + kernelHeight) - max(top, 0);
          let from = dy + <usize>((image * outHeight + p) * outWidth + firstColumn) * pixelBytes + at;
          for (let q = firstColumn; q < endColumn; q++) {
            const left = q * strideWidth - padLeft;
            const columns = min(width, left + kernelWidth) - max(left, 0);
            const places = countIncludePad ? kernelHeight * kernelWidth : rows * columns;
            sum = f32x4.add(sum, f32x4.div(read(from, one), f32x4.splat(<f32>places)));
            from += pixelBytes;
          }
        }
        write(out + at, sum, one);
      }
    }
  }
}
