/**
 * The products of attention, and where their panels lie in the workspace; src/ops/attention/attention-simd.ts gives its size:
 *
 *     tile, offsets, rows | sets of panels | blocks of scores [BLOCK_ROWS, scoreStride] | vectors
 */
import { multiplyPanels } from './block';
import { BLOCK_DEPTH, depthBlock, panelsOf, ROW_BYTES, roundUp4, rowsOf, setEvenOffsets, widePanels } from './layout';
import { copyBlock, packPanels } from './pack';
import { NARROW, WIDE } from './tile';

/** Bytes of what all products use: the tile, the offsets and the packed rows. */
// @ts-ignore: decorator
@inline
export function sharedBytes(): usize {
  return panelsOf(0);
}

/** Bytes that hold the panels of [rows, size], or of its transpose, with what both are padded by, up to whole cache lines. */
export function panelBytes(size: i32, rows: i32): usize {
  const padded = rows + 16 + (rows + BLOCK_DEPTH - 1) / BLOCK_DEPTH * 4;
  return (<usize>(padded * (size + 12)) * 4 + 63) & ~63;
}

/** Bytes from one row of scores to the next: a cache line more than a power of two may be, or rows would share cache sets. */
export function scoreStride(columns: i32): usize {
  return <usize>(roundUp4(columns) + 16) * 4;
}

/** Bytes of one number for each of `rows`. */
export function vectorBytes(rows: i32): usize {
  return <usize>roundUp4(rows) * 4;
}

/** Floats of the panels of `depth` x `columns`. */
function panelFloats(depth: i32, columns: i32): i32 {
  const wide = widePanels(columns) * WIDE;
  const narrow = (max(columns - wide, 0) + NARROW - 1) / NARROW * NARROW;
  return roundUp4(depth) * (wide + narrow);
}

/** Packs [rows, size] as the right factor [size, rows]: its transpose. */
export function packColumns(to: usize, from: usize, stride: usize, rows: i32, size: i32): void {
  packPanels(to, from, stride, size, rows, true);
}

/** Packs [rows, size] as it is, in the blocks of its depth `rows`. */
export function packRows(to: usize, from: usize, stride: usize, rows: i32, size: i32): void {
  const step = depthBlock(rows);
  for (let first = 0; first < rows; first += step) {
    const depth = min(step, rows - first);
    packPanels(to, from + <usize>first * stride, stride, depth, size, false);
    to += <usize>panelFloats(depth, size) * 4;
  }
}

/** out[rows, columns] = left[rows, size] times what packColumns packed. Strides are bytes. */
export function scores(
  workspace: usize, left: usize, leftStride: usize, rows: i32, panels: usize, size: i32, columns: i32,
  out: usize, outStride: usize,
): void {
  setEvenOffsets(workspace, outStride);
  copyBlock(rowsOf(workspace), ROW_BYTES, left, leftStride, rows, size, roundUp4(size));
  multiplyPanels(workspace, panels, rows, size, columns, out, outStride, true);
}

/** out[rows, size] = left[rows, depth] times what packRows packed. */
export function combine(
  workspace: usize, left: usize, leftStride: usize, rows: i32, panels: usize, depth: i32, size: i32,
  out: usize, outStride: usize,
): void {
  setEvenOffsets(workspace, outStride);
  const step = depthBlock(depth);
  for (let first = 0; first < depth; first += step) {
    const part = min(step, depth - first);
    copyBlock(rowsOf(workspace), ROW_BYTES, left + <usize>first * 4, leftStride, rows, part, roundUp4(part));
    multiplyPanels(workspace, panels, rows, part, size, out, outStride, first == 0);
    panels += <usize>panelFloats(part, size) * 4;
  }
}
