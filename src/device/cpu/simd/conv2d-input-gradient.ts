/**
 * Gradient of a convolution with respect to its input, as an implicit matrix product: the left factor's rows are
 * pixels of dx, gathered from dy; the right factor is the transposed weights, [taps * K / g, C / g]. The formula
 * is in src/ops/conv2d/conv2d-gradient-attributes.ts. Units are rows of dx.
 *
 * With a stride, pixels fall into phases: those whose row and column leave the same rests have the same taps
 * (reach.ts). Each phase is a product by itself, so that no tap is multiplied that falls between the outputs.
 */
import { multiplyBlock } from './block';
import { isPointwise } from './conv2d';
import { depthwiseInputGradient } from './depthwise-gradient';
import { gather } from './gather';
import { BLOCK_COLUMNS, BLOCK_ROWS, depthBlock, offsetsOf, panelsOf, ROW_BYTES, roundUp4, rowsOf } from './layout';
import { multiplyRows } from './matmul';
import { packTransposedPiece, zeroFloats, zeroPanelEnds } from './pack';
import { countReaching, lastReaching, outputStep, tapStep } from './reach';
import { winograd } from './winograd';
import { winogradOutputs } from './winograd-products';

/** Computes the units begin <= u < end. `prepared` and `tiles` are as in conv2d. */
export function conv2dInputGradient(
  dy: usize, w: usize, dx: usize, workspace: usize, prepared: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32, groups: i32, tiles: i32,
): void {
  if (prepared != 0 && tiles != 0) {
    winogradOutputs(prepared, 0, 0, 0, dx, workspace, begin, end, channels, height, width, tiles, 0);
    return;
  }
  if (prepared != 0) {
    winograd(
      dy, prepared, 0, 0, 0, dx, workspace, begin, end,
      outHeight, outWidth, filters, channels, height, width, 2 - padTop, 2 - padLeft, 0,
    );
    return;
  }
  if (groups == channels && groups == filters) {
    depthwiseInputGradient(
      dy, w, dx, begin, end, height, width, channels, kernelHeight, kernelWidth,
      outHeight, outWidth, strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth,
    );
    return;
  }
  if (groups == 1 && isPointwise(kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft)
    && outHeight == height && outWidth == width) {
    multiplyRows(
      dy, <usize>filters * 4, false, w, <usize>filters * 4, true,
      0, 0, 0, dx, <usize>channels * 4, workspace, begin * width, end * width, channels, filters, 0,
    );
    return;
  }
  for (let row = 0; row < min(strideHeight, height); row++) {
    for (let column = 0; column < min(strideWidth, width); column++) {
      onePhase(
        dy, w, dx, workspace, begin, end, row, column,
        height, width, channels, filters, kernelHeight, kernelWidth,
        outHeight, outWidth, strideHeight, strideWidth, padTop, padLeft,
        dilationHeight, dilationWidth, groups,
      );
    }
  }
}

/** The pixels whose row and column, divided by the strides, leave the rests `phaseRow` and `phaseColumn`. */
function onePhase(
  dy: usize, w: usize, dx: usize, workspace: usize, begin: i32, end: i32, phaseRow: i32, phaseColumn: i32,
  height: i32, width: i32, channels: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32, groups: i32,
): void {
  const rowStep = tapStep(strideHeight, dilationHeight);
  const columnStep = tapStep(strideWidth, dilationWidth);
  const lastRow = lastReaching(phaseRow + padTop, strideHeight, dilationHeight, kernelHeight);
  const lastColumn = lastReaching(phaseColumn + padLeft, strideWidth, dilationWidth, kernelWidth);
  const tapRows = countReaching(lastRow, rowStep);
  const tapColumns = countReaching(lastColumn, columnStep);
  const pixelBytes = <usize>channels * 4;
  if (tapRows == 0 || tapColumns == 0) {
    for (let unit = begin; unit < end; unit++) {
      if ((unit % height) % strideHeight != phaseRow) continue;
      for (let x = phaseColumn; x < width; x += strideWidth) {
        zeroFloats(dx + <usize>(unit * width + x) * pixelBytes, channels);
      }
    }
    return;
  }

  // What is left is a convolution of stride 1 over dy with these taps, highest first.
  const top = (phaseRow + padTop - lastRow * dilationHeight) / strideHeight;
  const left = (phaseColumn + padLeft - lastColumn * dilationWidth) / strideWidth;
  const rowDilation = outputStep(strideHeight, dilationHeight);
  const columnDilation = outputStep(strideWidth, dilationWidth);
  const groupChannels = channels / groups;
  const groupFilters = filters / groups;
  const neighbours = groups == 1 && columnDilation == 1;
  const taps = neighbours ? tapColumns : 1;
  const runs = neighbours ? 1 : tapColumns;
  const depthTotal = tapRows * tapColumns * groupFilters;
  const step = depthBlock(depthTotal);
  const outPixelBytes = <usize>filters * 4;

  for (let group = 0; group < groups; group++) {
    for (let column = 0; column < groupChannels; column += BLOCK_COLUMNS) {
      const columns = min(BLOCK_COLUMNS, groupChannels - column);
      const out = dx + <usize>(group * groupChannels + column) * 4;
      for (let from = 0; from < depthTotal; from += step) {
        const depth = min(step, depthTotal - from);
        packTaps(
          panelsOf(workspace), w + <usize>(group * groupFilters) * 4, from, depth, column, columns,
          groupChannels, groupFilters, outPixelBytes, kernelWidth,
          tapColumns, lastRow, lastColumn, rowStep, columnStep,
        );
        let rows = 0;
        for (let unit = begin; unit < end; unit++) {
          const y = unit % height;
          if (y % strideHeight != phaseRow) continue;
          const image = dy + <usize>(unit / height) * <usize>(outHeight * outWidth) * outPixelBytes;
          const p = top + y / strideHeight;
          let q = left;
          for (let x = phaseColumn; x < width; x += strideWidth) {
            gather(
              rowsOf(workspace) + <usize>rows * ROW_BYTES, from, depth,
              image + <usize>(group * groupFilters) * 4, outPixelBytes, groupFilters,
              p, q, outHeight, outWidth, runs, taps, rowDilation, columnDilation,
            );
            q++;
            store<u32>(offsetsOf(workspace) + <usize>rows * 4, <u32>(unit * width + x) * <u32>pixelBytes);
            rows++;
            if (rows == BLOCK_ROWS) {
              multiplyBlock(workspace, rows, depth, columns, out, 0, from == 0);
              rows = 0;
            }
          }
        }
        multiplyBlock(workspace, rows, depth, columns, out, 0, from == 0);
      }
    }
  }
}

/**
 * Packs the depths `from` <= d < `from + depth` of the right factor into panels: depth (i, j, f) and column c hold
 * w[lastRow - i * rowStep, lastColumn - j * columnStep, c, f]. `w` points to the group's first filter; weights of
 * neighbouring channels lie `channelBytes` apart.
 */
function packTaps(
  panels: usize, w: usize, from: i32, depth: i32, column: i32, columns: i32,
  groupChannels: i32, groupFilters: i32, channelBytes: usize, kernelWidth: i32,
  tapColumns: i32, lastRow: i32, lastColumn: i32, rowStep: i32, columnStep: i32,
): void {
  const paddedDepth = roundUp4(depth);
  let done = 0;
  while (done < depth) {
    const tap = (from + done) / groupFilters;
    const filter = (from + done) % groupFilters;
    const count = min(groupFilters - filter, depth - done);
    const r = lastRow - (tap / tapColumns) * rowStep;
    const s = lastColumn - (tap % tapColumns) * columnStep;
    const weights = w + <usize>((r * kernelWidth + s) * groupChannels + column) * channelBytes;
    packTransposedPiece(panels, done, count, paddedDepth, weights + <usize>filter * 4, channelBytes, columns);
    done += count;
  }
  zeroPanelEnds(panels, depth, paddedDepth, columns);
}
