/** Max pooling and its gradient (src/ops/pool/pool-kernels.ts, max-pool-gradient-kernel.ts), with channels as vectors. */
import { advance, read, write } from './lanes';
import { zeroFloats } from './pack';

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
            largest = v128.bitselect(value, largest, wins(value, largest));
            from += pixelBytes;
          }
        }
        write(out + at, largest, one);
      }
    }
  }
}

/** Whether a place of a window takes over from the largest before it: it is larger, or NaN. */
// @ts-ignore: decorator
@inline
function wins(value: v128, largest: v128): v128 {
  return v128.or(f32x4.gt(value, largest), f32x4.ne(value, value));
}

/**
 * Computes the rows begin <= u < end of dx: every window that covers one of them finds its winners, and gives them
 * dy where they lie in these rows.
 */
export function maxPool2dGradient(
  x: usize, dy: usize, dx: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, outHeight: i32, outWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  zeroFloats(dx + <usize>begin * lineBytes, (end - begin) * width * channels);
  while (begin < end) {
    const image = begin / height;
    const rowBegin = begin % height;
    const rowEnd = min(height, rowBegin + end - begin);
    const firstWindow = max(0, (rowBegin + padTop - kernelHeight + strideHeight) / strideHeight);
    const lastWindow = min(outHeight - 1, (rowEnd - 1 + padTop) / strideHeight);
    for (let p = firstWindow; p <= lastWindow; p++) {
      const top = p * strideHeight - padTop;
      for (let q = 0; q < outWidth; q++) {
        const left = q * strideWidth - padLeft;
        const skip = <usize>(image * height) * lineBytes + <usize>max(left, 0) * pixelBytes;
        addToWinners(
          x + skip, dx + skip, lineBytes, pixelBytes,
          max(top, 0), min(height, top + kernelHeight), min(width, left + kernelWidth) - max(left, 0),
          rowBegin, rowEnd, dy + <usize>((image * outHeight + p) * outWidth + q) * pixelBytes,
        );
      }
    }
    begin += rowEnd - rowBegin;
  }
}

/**
 * Adds the gradient of one window to those of its winners that lie in rows `rowBegin` <= y < `rowEnd`. `x` and `dx`
 * point to the image and its gradient at the window's first column.
 */
function addToWinners(
  x: usize, dx: usize, lineBytes: usize, pixelBytes: usize, firstRow: i32, lastRow: i32, columns: i32,
  rowBegin: i32, rowEnd: i32, dy: usize,
): void {
  for (let at: usize = 0; at < pixelBytes; at += advance(pixelBytes - at)) {
    const one = pixelBytes - at < 16;
    // A place is known by its number within the window.
    let largest = f32x4.splat(-Infinity), winner = i32x4.splat(0);
    let number = 0;
    for (let y = firstRow; y < lastRow; y++) {
      let from = x + <usize>y * lineBytes + at;
      for (let column = 0; column < columns; column++) {
        const value = read(from, one);
        const taken = wins(value, largest);
        largest = v128.bitselect(value, largest, taken);
        winner = v128.bitselect(i32x4.splat(number), winner, taken);
        number++;
        from += pixelBytes;
      }
    }
    const gradient = read(dy + at, one);
    const begin = max(firstRow, rowBegin), end = min(lastRow, rowEnd);
    number = (begin - firstRow) * columns;
    for (let y = begin; y < end; y++) {
      let to = dx + <usize>y * lineBytes + at;
      for (let column = 0; column < columns; column++) {
        const share = v128.and(gradient, i32x4.eq(winner, i32x4.splat(number)));
        write(to, f32x4.add(read(to, one), share), one);
        number++;
        to += pixelBytes;
      }
    }
  }
}
