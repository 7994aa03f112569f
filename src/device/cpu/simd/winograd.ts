/**
 * Winograd's convolution F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR
 * 2016): 3 x 3 taps with stride 1, 36 multiplications for 4 x 4 outputs where the formula has 144.
 *
 *     Y = A' [ (G g G') * (B' d B) ] A       summed over channels between the brackets, product by product
 *
 * g are the 3 x 3 taps, d the 6 x 6 pixels that 4 x 4 outputs read, * multiplies element by element; the matrices are in
 * winograd-transforms.ts. For each of the 36 elements (positions) the sum over channels is a matrix product, tiles by
 * channels times channels by filters. The transformed weights are made once for all threads, as panels:
 *
 *     [blocks of depth][36 positions][panels of columns][depth of the block][width of the panel]
 *
 * with a cache line between positions, or those of one weight would share sets of the cache.
 *
 * The gradient with respect to the input is the same computation with the taps turned around and channels and filters
 * exchanged. Channels and filters are multiples of 8, so that panels are full. Units are rows of tiles.
 */
import { depthBlock, ROW_BYTES, widePanels } from './layout';
import { transpose4, zeroFloats } from './pack';
import { multiplyNarrow, multiplyWide, NARROW, NARROW_ROWS, Straight, WIDE, WIDE_ROWS } from './tile';
import {
  POSITIONS, SCRATCH_BYTES, TILE_SIDE, transformPixels, transformProducts, transformTaps,
} from './winograd-transforms';

/** Tiles at a time, at most: a multiple of 12, and so of both micro-kernels' heights. */
export const TILES: i32 = 48;
/** Between the panels of positions, and between rows of products. */
export const GAP_BYTES: usize = 64;
/**
 * The workspace of a call: transformed pixels [36][TILES, ROW_BYTES / 4], a cache line of zeros that stands for pixels
 * outside, a transform's scratch memory, and products [36][TILES, columns + 16]. Behind each position is a gap.
 * src/ops/conv2d/conv2d-winograd.ts gives its size.
 */
export const PIXELS_BYTES: usize = <usize>TILES * ROW_BYTES + GAP_BYTES;
export const ZEROS_BYTES: usize = 64;

/** Depths of one unit of transformed weights: a cache line of them. */
const UNIT_DEPTHS: i32 = 16;

/**
 * Transformed weights for the depths 16 * begin <= d < 16 * end. Forward, depths are channels and columns filters;
 * `turned`, for the input gradient, the other way round.
 */
export function winogradWeights(
  w: usize, panels: usize, begin: i32, end: i32, channels: i32, filters: i32, turned: bool,
): void {
  const depthTotal = turned ? filters : channels;
  const columns = turned ? channels : filters;
  const step = depthBlock(depthTotal);
  const last = min(depthTotal, end * UNIT_DEPTHS);
  let from = begin * UNIT_DEPTHS;
  while (from < last) {
    const block = from / step;
    const first = block * step;
    const depth = min(step, depthTotal - first);
    const to = min(min(last, first + depth), (from / UNIT_DEPTHS + 1) * UNIT_DEPTHS);
    transformWeights(
      w, panels + <usize>(block * POSITIONS) * panelBytes(step, columns), from, to, first, depth, 0, columns,
      channels, filters, turned,
    );
    from = to;
  }
}

/**
 * Transforms the weights of the depths from <= d < to for `columns` columns from `firstColumn` on, into panels that hold
 * `depth` depths from `first` on. Depths are taken in fours.
 */
export function transformWeights(
  w: usize, panels: usize, from: i32, to: i32, first: i32, depth: i32, firstColumn: i32, columns: i32,
  channels: i32, filters: i32, turned: bool,
): void {
  const size = panelBytes(depth, columns);
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const width = wide > 0 ? WIDE : NARROW;
    wide--;
    for (let d = from; d < to; d += 4) {
      const row = panels + <usize>(depth * column + (d - first) * width) * 4;
      for (let at: i32 = 0; at < width; at += 4) {
        const block = row + <usize>at * 4;
        const c = firstColumn + column + at;
        if (turned) transformTurned(w, d, c, channels, filters, block, <usize>width * 4, size);
        else transformStraight(w, d, c, channels, filters, block, <usize>width * 4, size);
      }
    }
    column += width;
  }
}

/** Four depths (channels c) of four columns (filters f), a depth's columns lying `stride` bytes behind the last's. */
// @ts-ignore: decorator
@inline
function transformStraight(
  w: usize, c: i32, f: i32, channels: i32, filters: i32, to: usize, stride: usize, positionBytes: usize,
): void {
  const tapBytes = <usize>(channels * filters) * 4;
  let from = w + <usize>(c * filters + f) * 4;
  for (let row = 0; row < 4; row++) {
    transformTaps(from, tapBytes, to, positionBytes);
    from += <usize>filters * 4;
    to += stride;
  }
}

/**
 * Four depths (filters f) of four columns (channels c), with the taps turned around. Neighbours in memory are depths:
 * the taps are first laid out by columns where the first nine positions will be.
 */
// @ts-ignore: decorator
@inline
function transformTurned(
  w: usize, f: i32, c: i32, channels: i32, filters: i32, to: usize, stride: usize, positionBytes: usize,
): void {
  const tapBytes = <usize>(channels * filters) * 4;
  const columnBytes = <usize>filters * 4;
  let from = w + <usize>(c * filters + f) * 4 + 8 * tapBytes;
  for (let tap: usize = 0; tap < 9; tap++) {
    transpose4(to + tap * positionBytes, stride, from, columnBytes);
    from -= tapBytes;
  }
  for (let row = 0; row < 4; row++) {
    transformTaps(to, positionBytes, to, positionBytes);
    to += stride;
  }
}

/** Bytes of the panels of one position, and the gap behind them. */
// @ts-ignore: decorator
@inline
export function panelBytes(depth: i32, columns: i32): usize {
  return <usize>(depth * columns) * 4 + GAP_BYTES;
}

/**
 * The rows of tiles begin <= u < end: u is row u % ceil(outHeight / 4) of its image. x is [height, width, depth], out
 * [outHeight, outWidth, columns], `panels` what winogradWeights made.
 */
export function winograd(
  x: usize, panels: usize, scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  begin: i32, end: i32, height: i32, width: i32, depthTotal: i32, columns: i32,
  outHeight: i32, outWidth: i32, padTop: i32, padLeft: i32, bits: i32,
): void {
  const across = (outWidth + TILE_SIDE - 1) / TILE_SIDE;
  const last = end * across;
  const step = depthBlock(depthTotal);
  const zeros = workspace + <usize>POSITIONS * PIXELS_BYTES;
  const scratch = zeros + ZEROS_BYTES;
  const products = scratch + SCRATCH_BYTES;
  const productBytes = <usize>columns * 4 + GAP_BYTES;
  const positionBytes = <usize>TILES * productBytes + GAP_BYTES;
  const most = tilesAtATime(last - begin * across, TILES);
  zeroFloats(zeros, <i32>(ZEROS_BYTES / 4));
  for (let tile = begin * across; tile < last; tile += most) {
    const tiles = min(most, last - tile);
    let right = panels;
    for (let from = 0; from < depthTotal; from += step) {
      const depth = min(step, depthTotal - from);
      transformTiles(
        x + <usize>from * 4, tile, tiles, depth, height, width, depthTotal, outHeight, outWidth, padTop, padLeft,
        zeros, scratch, workspace, PIXELS_BYTES,
      );
      for (let position: usize = 0; position < <usize>POSITIONS; position++) {
        multiplyPosition(
          workspace + position * PIXELS_BYTES, right, tiles, depth, columns,
          products + position * positionBytes, productBytes, from > 0,
        );
        right += panelBytes(depth, columns);
      }
    }
    finishTiles(
      products, positionBytes, productBytes, scratch, scale, shift, residual, out, tile, tile + tiles,
      columns, outHeight, outWidth, bits,
    );
  }
}

/** B' d B of `tiles` tiles from `tile` on, counted through all images, for `depth` of the `channels` channels. */
export function transformTiles(
  x: usize, tile: i32, tiles: i32, depth: i32, height: i32, width: i32, channels: i32,
  outHeight: i32, outWidth: i32, padTop: i32, padLeft: i32,
  zeros: usize, scratch: usize, to: usize, positionBytes: usize,
): void {
  const across = (outWidth + TILE_SIDE - 1) / TILE_SIDE;
  const down = (outHeight + TILE_SIDE - 1) / TILE_SIDE;
  const imageBytes = <usize>(height * width * channels) * 4;
  for (let last = tile + tiles; tile < last; tile++) {
    const row = tile / across;
    transformPixels(
      x + <usize>(row / down) * imageBytes, height, width, channels,
      row % down * TILE_SIDE - padTop, tile % across * TILE_SIDE - padLeft, depth, zeros, scratch, to, positionBytes,
    );
    to += ROW_BYTES;
  }
}

/** The outputs of the tiles begin <= t < end, counted through all images, whose products follow each other. */
export function finishTiles(
  products: usize, positionBytes: usize, productBytes: usize, scratch: usize,
  scale: usize, shift: usize, residual: usize, out: usize, begin: i32, end: i32,
  columns: i32, outHeight: i32, outWidth: i32, bits: i32,
): void {
  const across = (outWidth + TILE_SIDE - 1) / TILE_SIDE;
  const down = (outHeight + TILE_SIDE - 1) / TILE_SIDE;
  for (let tile = begin; tile < end; tile++) {
    const row = tile / across;
    const p = row % down * TILE_SIDE;
    const q = tile % across * TILE_SIDE;
    const skip = <usize>((row / down * outHeight + p) * outWidth + q) * <usize>columns * 4;
    transformProducts(
      products, positionBytes, columns, scratch, out + skip, <usize>columns * 4, <usize>(outWidth * columns) * 4,
      min(TILE_SIDE, outHeight - p), min(TILE_SIDE, outWidth - q), bits, scale, shift, residual + skip,
    );
    products += productBytes;
  }
}

/** Length of the blocks that `count` tiles are taken in: equal, a multiple of 12, at most `most`, which is one too. */
export function tilesAtATime(count: i32, most: i32): i32 {
  const blocks = max(1, (count + most - 1) / most);
  return ((count + blocks - 1) / blocks + 11) / 12 * 12;
}

/** products[rows, columns] = or, when `add`, += rows[rows, depth] times the panels of one position. */
export function multiplyPosition(
  left: usize, panel: usize, rows: i32, depth: i32, columns: i32, products: usize, productBytes: usize, add: bool,
): void {
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const isWide = wide > 0;
    wide--;
    const width = isWide ? WIDE : NARROW;
    const height = isWide ? WIDE_ROWS : NARROW_ROWS;
    const to = products + <usize>column * 4;
    for (let row = 0; row < rows; row += height) {
      const from = left + <usize>row * ROW_BYTES;
      const out = to + <usize>row * productBytes;
      if (isWide) multiplyWide<Straight>(from, panel, depth, out, productBytes, add);
      else multiplyNarrow<Straight>(from, panel, depth, out, productBytes, add);
    }
    panel += <usize>(depth * width) * 4;
    column += width;
  }
}
