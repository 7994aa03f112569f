/**
 * Winograd's convolution of few tiles with many weights: what there are most of is not stored. Threads share the columns
 * of the products; each transforms the weights of its own, a piece that stays in its cache, and uses it at once. The
 * products of all tiles are made before the first output:
 *
 *     [36 positions][tiles, rounded up to a multiple of 12, columns + 16]
 *
 * with a cache line behind each position.
 * Then units are rows of tiles, as for winograd.ts.
 */
import { ROW_BYTES } from './layout';
import { zeroFloats } from './pack';
import {
  finishTiles, GAP_BYTES, multiplyPosition, panelBytes, tilesAtATime, transformTiles, transformWeights, ZEROS_BYTES,
} from './winograd';
import { POSITIONS, SCRATCH_BYTES, TILE_SIDE } from './winograd-transforms';

/** Columns of a unit, and the depths whose weights it transforms at a time. */
const UNIT_COLUMNS: i32 = 32;
const UNIT_DEPTH: i32 = 128;
/** Tiles of a unit, at most: a multiple of 12. */
const UNIT_TILES: i32 = 72;
/** The workspace: zeros, a transform's scratch memory, transformed pixels as in winograd.ts, and transformed weights. */
const PIXELS_BYTES: usize = <usize>UNIT_TILES * ROW_BYTES + GAP_BYTES;

/**
 * Products of the units begin <= u < end: blocks of UNIT_COLUMNS columns, for one block of the `tilesTotal` tiles after
 * the other. Forward, depths are channels and columns filters; `turned`, for the input gradient, the other way round.
 */
export function winogradProducts(
  x: usize, w: usize, products: usize, workspace: usize, begin: i32, end: i32,
  height: i32, width: i32, channels: i32, filters: i32, outHeight: i32, outWidth: i32, padTop: i32, padLeft: i32,
  tilesTotal: i32, turned: bool,
): void {
  const depthTotal = turned ? filters : channels;
  const columns = turned ? channels : filters;
  const scratch = workspace + ZEROS_BYTES;
  const pixels = scratch + SCRATCH_BYTES;
  const panels = pixels + <usize>POSITIONS * PIXELS_BYTES;
  const productBytes = <usize>columns * 4 + GAP_BYTES;
  const positionBytes = positionBytesOf(tilesTotal, productBytes);
  const blocks = (columns + UNIT_COLUMNS - 1) / UNIT_COLUMNS;
  const most = tilesAtATime(tilesTotal, UNIT_TILES);
  zeroFloats(workspace, <i32>(ZEROS_BYTES / 4));
  while (begin < end) {
    const tile = begin / blocks * most;
    const tiles = min(most, tilesTotal - tile);
    const firstBlock = begin % blocks;
    const lastBlock = min(blocks, firstBlock + end - begin);
    begin += lastBlock - firstBlock;
    for (let from = 0; from < depthTotal; from += UNIT_DEPTH) {
      const depth = min(UNIT_DEPTH, depthTotal - from);
      transformTiles(
        x + <usize>from * 4, tile, tiles, depth, height, width, depthTotal, outHeight, outWidth, padTop, padLeft,
        workspace, scratch, pixels, PIXELS_BYTES,
      );
      for (let block = firstBlock; block < lastBlock; block++) {
        const column = block * UNIT_COLUMNS;
        const count = min(UNIT_COLUMNS, columns - column);
        transformWeights(w, panels, from, from + depth, from, depth, column, count, channels, filters, turned);
        for (let position: usize = 0; position < <usize>POSITIONS; position++) {
          multiplyPosition(
            pixels + position * PIXELS_BYTES, panels + position * panelBytes(depth, count), tiles, depth, count,
            products + position * positionBytes + <usize>tile * productBytes + <usize>column * 4, productBytes, from > 0,
          );
        }
      }
    }
  }
}

/** Outputs of the rows of tiles begin <= u < end, from their products. */
export function winogradOutputs(
  products: usize, scale: usize, shift: usize, residual: usize, out: usize, scratch: usize, begin: i32, end: i32,
  columns: i32, outHeight: i32, outWidth: i32, tilesTotal: i32, bits: i32,
): void {
  const across = (outWidth + TILE_SIDE - 1) / TILE_SIDE;
  const productBytes = <usize>columns * 4 + GAP_BYTES;
  finishTiles(
    products + <usize>(begin * across) * productBytes, positionBytesOf(tilesTotal, productBytes), productBytes,
    scratch, scale, shift, residual, out, begin * across, end * across, columns, outHeight, outWidth, bits,
  );
}

/** The micro-kernels store whole tiles of rows. */
// @ts-ignore: decorator
@inline
function positionBytesOf(tiles: i32, productBytes: usize): usize {
  return <usize>((tiles + 11) / 12 * 12) * productBytes + GAP_BYTES;
}
