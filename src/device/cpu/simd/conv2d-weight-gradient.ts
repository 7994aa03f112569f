/**
 * Gradient of a convolution with respect to its weights, as an implicit matrix product: the left factor's rows
 * are weights (r, s, c), gathered from x and transposed; the right factor is dy as it is, [positions, K / g]; the
 * summed dimension is the output positions (b, p, q). The formula is in src/ops/conv2d/conv2d-gradient-attributes.ts.
 * Units are blocks of BLOCK_ROWS weights, split after split of that sum; each split has its own result. Where
 * winograd-weight-gradient.ts computes it, they are blocks of channels.
 */
import { multiplyBlock } from './block';
import { depthwiseWeightGradient } from './depthwise-gradient';
import {
  BLOCK_COLUMNS, BLOCK_DEPTH, BLOCK_ROWS, depthBlock, panelsOf, ROW_BYTES, roundUp4, rowsOf, setEvenOffsets,
  workspaceEnd,
} from './layout';
import { packPanels, transposePieces, zeroFloats } from './pack';
import { TILE_SIDE } from './winograd-transforms';
import { GRADIENT_CHANNELS, winogradWeightGradient } from './winograd-weight-gradient';

/** Computes the units begin <= u < end. */
export function conv2dWeightGradient(
  x: usize, dy: usize, partials: usize, workspace: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
  dilationHeight: i32, dilationWidth: i32, groups: i32, positions: i32, positionsPerSplit: i32,
  isWinograd: bool,
): void {
  const groupChannels = channels / groups;
  const groupFilters = filters / groups;
  const weights = kernelHeight * kernelWidth * groupChannels;
  const outBytes = <usize>filters * 4;
  const addresses = workspaceEnd(workspace);
  const zeros = addresses + <usize>BLOCK_DEPTH * 4;
  setEvenOffsets(workspace, outBytes);
  zeroFloats(zeros, BLOCK_ROWS);

  const isDepthwise = groups > 1 && groups == channels && groups == filters;
  const blocks = isDepthwise ? 1
    : isWinograd ? (channels + GRADIENT_CHANNELS - 1) / GRADIENT_CHANNELS
    : (weights + BLOCK_ROWS - 1) / BLOCK_ROWS;
  while (begin < end) {
    const split = begin / blocks;
    const firstBlock = begin % blocks;
    const lastBlock = min(blocks, firstBlock + end - begin);
    begin += lastBlock - firstBlock;
    const firstPosition = split * positionsPerSplit;
    const lastPosition = min(positions, firstPosition + positionsPerSplit);
    const out = partials + <usize>split * <usize>weights * outBytes;
    if (isDepthwise) {
      depthwiseWeightGradient(
        x, dy, out, firstPosition, lastPosition, height, width, channels, kernelHeight, kernelWidth,
        outHeight, outWidth, strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth,
      );
      continue;
    }
    if (isWinograd) {
      for (let block = firstBlock; block < lastBlock; block++) {
        const channel = block * GRADIENT_CHANNELS;
        winogradWeightGradient(
          x, dy, out, workspace, channel, min(GRADIENT_CHANNELS, channels - channel),
          rowOfTiles(firstPosition / outWidth, outHeight), rowOfTiles(lastPosition / outWidth, outHeight),
          height, width, channels, filters, outHeight, outWidth, padTop, padLeft,
        );
      }
      continue;
    }
    const firstWeight = firstBlock * BLOCK_ROWS;
    const lastWeight = min(weights, lastBlock * BLOCK_ROWS);
    const step = depthBlock(lastPosition - firstPosition);
    for (let group = 0; group < groups; group++) {
      for (let column = 0; column < groupFilters; column += BLOCK_COLUMNS) {
        const columns = min(BLOCK_COLUMNS, groupFilters - column);
        const at = <usize>(group * groupFilters + column) * 4;
        for (let from = firstPosition; from < lastPosition; from += step) {
          const depth = min(step, lastPosition - from);
          packPanels(panelsOf(workspace), dy + <usize>from * outBytes + at, outBytes, depth, columns, false);
          for (let weight = firstWeight; weight < lastWeight; weight += BLOCK_ROWS) {
            const rows = min(BLOCK_ROWS, lastWeight - weight);
            let row = 0;
            while (row < rows) {
              const tap = (weight + row) / groupChannels;
              const channel = (weight + row) % groupChannels;
              const count = min(groupChannels - channel, rows - row);
              findPixels(
                addresses, zeros, x + <usize>(group * groupChannels + channel) * 4, from, depth,
                height, width, channels, outHeight, outWidth, strideHeight, strideWidth,
                (tap / kernelWidth) * dilationHeight - padTop, (tap % kernelWidth) * dilationWidth - padLeft,
              );
              transposePieces(
                rowsOf(workspace) + <usize>row * ROW_BYTES, ROW_BYTES, addresses, count, depth, roundUp4(depth),
              );
              row += count;
            }
            multiplyBlock(
              workspace, rows, depth, columns, out + <usize>weight * outBytes + at, outBytes, from == firstPosition,
            );
          }
        }
      }
    }
  }
}

/** The row of tiles, counted through all images, that begins with a row of outputs. */
// @ts-ignore: decorator
@inline
function rowOfTiles(row: i32, outHeight: i32): i32 {
  const down = (outHeight + TILE_SIDE - 1) / TILE_SIDE;
  return row / outHeight * down + row % outHeight / TILE_SIDE;
}

/**
 * Writes the address that each of the positions `from` <= i < `from + count` reads its input from: pixel
 * (p * strideHeight + rowOffset, q * strideWidth + columnOffset) of its image, or `zeros` outside of it. `x`
 * points to the wanted channel of the first pixel.
 */
function findPixels(
  addresses: usize, zeros: usize, x: usize, from: i32, count: i32,
  height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32,
  rowOffset: i32, columnOffset: i32,
): void {
  let q = from % outWidth;
  let p = (from / outWidth) % outHeight;
  let image = from / (outWidth * outHeight);
  for (let index: usize = 0; index < <usize>count; index++) {
    const row = p * strideHeight + rowOffset;
    const column = q * strideWidth + columnOffset;
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    const pixel = <usize>((image * height + row) * width + column) * <usize>channels;
    store<u32>(addresses + index * 4, <u32>(inside ? x + pixel * 4 : zeros));
    q++;
    if (q < outWidth) continue;
    q = 0;
    p++;
    if (p < outHeight) continue;
    p = 0;
    image++;
  }
}
