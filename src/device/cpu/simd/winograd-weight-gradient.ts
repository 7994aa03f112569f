/**
 * Gradient of a 3 x 3 convolution with respect to its weights by the transforms of Winograd's F(4x4, 3x3): what its
 * formula becomes when it is differentiated.
 *
 *     dg = G' [ (A dy A') * (B' d B) ] G       summed over tiles between the brackets
 *
 * 36 multiplications for the 144 that a tile's 4 x 4 outputs and 3 x 3 taps have. For each of the 36 positions the sum
 * is a matrix product, channels by tiles times tiles by filters; both factors are used as the transforms leave them.
 */
import { widePanels } from './layout';
import { zeroFloats } from './pack';
import { multiplyNarrow, multiplyWide, NARROW, NARROW_ROWS, Turned, WIDE, WIDE_ROWS } from './tile';
import { GAP_BYTES, PIXELS_BYTES, TILES, tilesAtATime, transformTiles, ZEROS_BYTES } from './winograd';
import { POSITIONS, SCRATCH_BYTES, TILE_SIDE, transformOutputs, transformSums } from './winograd-transforms';

/** Channels of one unit, and filters at a time. src/ops/conv2d/conv2d-winograd.ts has them too. */
export const GRADIENT_CHANNELS: i32 = 64;
const GRADIENT_FILTERS: i32 = 128;
/** Both micro-kernels' heights divide it. */
const SUM_ROWS: usize = 72;

/**
 * The weights of `channels` channels from `firstChannel` on, summed over the rows of tiles begin <= t < end, counted
 * through all images. out is [3, 3, channelsTotal, filters].
 */
export function winogradWeightGradient(
  x: usize, dy: usize, out: usize, workspace: usize, firstChannel: i32, channels: i32, begin: i32, end: i32,
  height: i32, width: i32, channelsTotal: i32, filters: i32, outHeight: i32, outWidth: i32, padTop: i32, padLeft: i32,
): void {
  const across = (outWidth + TILE_SIDE - 1) / TILE_SIDE;
  const down = (outHeight + TILE_SIDE - 1) / TILE_SIDE;
  const first = begin * across;
  const last = end * across;
  const most = tilesAtATime(last - first, TILES);
  const zeros = workspace + <usize>POSITIONS * PIXELS_BYTES;
  const scratch = zeros + ZEROS_BYTES;
  const panels = scratch + SCRATCH_BYTES;
  const panelsBytes = <usize>(TILES * GRADIENT_FILTERS) * 4 + GAP_BYTES;
  const sums = panels + <usize>POSITIONS * panelsBytes;
  zeroFloats(zeros, <i32>(ZEROS_BYTES / 4));
  for (let column = 0; column < filters; column += GRADIENT_FILTERS) {
    const columns = min(GRADIENT_FILTERS, filters - column);
    const sumBytes = <usize>columns * 4 + GAP_BYTES;
    const positionBytes = SUM_ROWS * sumBytes + GAP_BYTES;
    for (let tile = first; tile < last; tile += most) {
      const tiles = min(most, last - tile);
      transformTiles(
        x + <usize>firstChannel * 4, tile, tiles, channels, height, width, channelsTotal,
        outHeight, outWidth, padTop, padLeft, zeros, scratch, workspace, PIXELS_BYTES,
      );
      for (let i = 0; i < tiles; i++) {
        const row = (tile + i) / across;
        transformOutputs(
          dy + <usize>(row / down * outHeight * outWidth * filters + column) * 4, outHeight, outWidth, filters,
          row % down * TILE_SIDE, (tile + i) % across * TILE_SIDE, columns,
          zeros, scratch, panels, panelsBytes, i, tiles,
        );
      }
      for (let position: usize = 0; position < <usize>POSITIONS; position++) {
        multiplyTiles(
          workspace + position * PIXELS_BYTES, panels + position * panelsBytes, channels, tiles, columns,
          sums + position * positionBytes, sumBytes, tile > first,
        );
      }
    }
    for (let channel = 0; channel < channels; channel++) {
      transformSums(
        sums + <usize>channel * sumBytes, positionBytes, columns, scratch,
        out + <usize>((firstChannel + channel) * filters + column) * 4, <usize>(channelsTotal * filters) * 4,
      );
    }
  }
}

/** sums[channels, columns] = or, when `add`, += the transpose of pixels[tiles, channels] times panels[tiles, columns]. */
function multiplyTiles(
  pixels: usize, panel: usize, channels: i32, tiles: i32, columns: i32, sums: usize, sumBytes: usize, add: bool,
): void {
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const isWide = wide > 0;
    wide--;
    const width = isWide ? WIDE : NARROW;
    const height = isWide ? WIDE_ROWS : NARROW_ROWS;
    const to = sums + <usize>column * 4;
    for (let channel = 0; channel < channels; channel += height) {
      const from = pixels + <usize>channel * 4;
      const out = to + <usize>channel * sumBytes;
      if (isWide) multiplyWide<Turned>(from, panel, tiles, out, sumBytes, add);
      else multiplyNarrow<Turned>(from, panel, tiles, out, sumBytes, add);
    }
    panel += <usize>(tiles * width) * 4;
    column += width;
  }
}
