/**
 * Forward convolution as an implicit matrix product: the left factor's rows are output pixels, gathered from the
 * image straight into the packed block; the right factor is the weights as they are, [R * S * C / g, K / g].
 * Layouts and the formula are in src/ops/conv2d/conv2d-attributes.ts. Units are output rows (src/ops/conv2d/conv2d-simd.ts).
 */
import { finishBlock, multiplyBlock } from './block';
import { depthwise } from './depthwise';
import { gather } from './gather';
import { BLOCK_COLUMNS, BLOCK_ROWS, depthBlock, panelsOf, ROW_BYTES, rowsOf, setEvenOffsets } from './layout';
import { multiplyRows } from './matmul';
import { packPanels } from './pack';
import { winograd } from './winograd';
import { winogradOutputs } from './winograd-products';

/**
 * Computes the units begin <= u < end. Pointers of absent operands are not read. `prepared` points to what
 * winogradWeights made, or winogradProducts of so many `tiles` if that is not 0; it is 0 where the convolution is not
 * Winograd's.
 */
export function conv2d(
  x: usize, w: usize, scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  prepared: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32, groups: i32, tiles: i32, bits: i32,
): void {
  if (prepared != 0 && tiles != 0) {
    winogradOutputs(
      prepared, scale, shift, residual, out, workspace, begin, end, filters, outHeight, outWidth, tiles, bits,
    );
    return;
  }
  if (prepared != 0) {
    winograd(
      x, prepared, scale, shift, residual, out, workspace, begin, end,
      height, width, channels, filters, outHeight, outWidth, padTop, padLeft, bits,
    );
    return;
  }
  if (groups == channels && groups == filters) {
    depthwise(
      x, w, scale, shift, residual, out, begin, end,
      height, width, channels, kernelHeight, kernelWidth,
      outHeight, outWidth, strideHeight, strideWidth, padTop, padLeft,
      dilationHeight, dilationWidth, bits,
    );
    return;
  }
  const firstPixel = begin * outWidth;
  const lastPixel = end * outWidth;
  if (groups == 1 && isPointwise(kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft)
    && outHeight == height && outWidth == width) {
    multiplyRows(
      x, <usize>channels * 4, false, w, <usize>filters * 4, false,
      scale, shift, residual, out, <usize>filters * 4, workspace, firstPixel, lastPixel, filters, channels, bits,
    );
    return;
  }

  const groupChannels = channels / groups;
  const groupFilters = filters / groups;
  const neighbours = groups == 1 && dilationWidth == 1;
  const taps = neighbours ? kernelWidth : 1;
  const runs = neighbours ? 1 : kernelWidth;
  const depthTotal = kernelHeight * kernelWidth * groupChannels;
  const step = depthBlock(depthTotal);
  const outBytes = <usize>filters * 4;
  const pixelBytes = <usize>channels * 4;
  const imageBytes = <usize>(height * width) * pixelBytes;
  setEvenOffsets(workspace, outBytes);

  for (let group = 0; group < groups; group++) {
    for (let column = 0; column < groupFilters; column += BLOCK_COLUMNS) {
      const columns = min(BLOCK_COLUMNS, groupFilters - column);
      const at = <usize>(group * groupFilters + column) * 4;
      for (let from = 0; from < depthTotal; from += step) {
        const depth = min(step, depthTotal - from);
        packPanels(panelsOf(workspace), w + <usize>from * outBytes + at, outBytes, depth, columns, false);
        for (let pixel = firstPixel; pixel < lastPixel; pixel += BLOCK_ROWS) {
          const rows = min(BLOCK_ROWS, lastPixel - pixel);
          let q = pixel % outWidth;
          let p = (pixel / outWidth) % outHeight;
          let image = x + <usize>(pixel / (outWidth * outHeight)) * imageBytes + <usize>(group * groupChannels) * 4;
          for (let row = 0; row < rows; row++) {
            gather(
              rowsOf(workspace) + <usize>row * ROW_BYTES, from, depth, image, pixelBytes, groupChannels,
              p * strideHeight - padTop, q * strideWidth - padLeft,
              height, width, runs, taps, dilationHeight, dilationWidth,
            );
            q++;
            if (q < outWidth) continue;
            q = 0;
            p++;
            if (p < outHeight) continue;
            p = 0;
            image += imageBytes;
          }
          const skip = <usize>pixel * outBytes + at;
          multiplyBlock(workspace, rows, depth, columns, out + skip, outBytes, from == 0);
          if (from + step < depthTotal) continue;
          finishBlock(out + skip, outBytes, rows, columns, bits, scale + at, shift + at, residual + skip);
        }
      }
    }
  }
}

/** Whether every output pixel is a product of the input pixel at its place. */
export function isPointwise(
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): bool {
  return kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1
    && padTop == 0 && padLeft == 0;
}
