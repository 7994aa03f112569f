/** The product of a packed block of rows with packed panels, tile by tile. */
import { offsetsOf, panelsOf, ROW_BYTES, roundUp4, rowsOf, tileOf, widePanels } from './layout';
import { finishRow, storeTile } from './epilogue';
import { multiplyNarrow, multiplyWide, NARROW, NARROW_ROWS, Straight, WIDE, WIDE_ROWS } from './tile';

/**
 * Adds the product of the workspace's `rows` x `depth` rows and `depth` x `columns` panels to an output block,
 * or stores it when it is the `first` along depth. Row i of the block lies at the i-th of the workspace's offsets from
 * `out`; `stride` is the distance between rows if it is the same for all, or 0. Rows are packed up to a multiple of 12
 * (what is in the others is never stored).
 */
export function multiplyBlock(
  workspace: usize, rows: i32, depth: i32, columns: i32, out: usize, stride: usize, first: bool,
): void {
  multiplyPanels(workspace, panelsOf(workspace), rows, depth, columns, out, stride, first);
}

/** multiplyBlock with panels that lie elsewhere. */
export function multiplyPanels(
  workspace: usize, panel: usize, rows: i32, depth: i32, columns: i32, out: usize, stride: usize, first: bool,
): void {
  const tile = tileOf(workspace);
  const left = rowsOf(workspace);
  const paddedDepth = roundUp4(depth);
  const direct = first && stride > 0;
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const isWide = wide > 0;
    wide--;
    const width = isWide ? WIDE : NARROW;
    const height = isWide ? WIDE_ROWS : NARROW_ROWS;
    const used = min(width, columns - column);
    const at = <usize>column * 4;
    for (let row = 0; row < rows; row += height) {
      const from = left + <usize>row * ROW_BYTES;
      const count = min(height, rows - row);
      // A whole tile of first sums goes where it belongs at once.
      const whole = direct && used == width && count == height;
      const to = whole ? out + <usize>row * stride + at : tile;
      const toStride = whole ? stride : <usize>width * 4;
      if (isWide) multiplyWide<Straight>(from, panel, paddedDepth, to, toStride, false);
      else multiplyNarrow<Straight>(from, panel, paddedDepth, to, toStride, false);
      if (whole) continue;
      storeTile(tile, width, count, used, offsetsOf(workspace) + <usize>row * 4, out + at, first);
    }
    panel += <usize>(paddedDepth * width) * 4;
    column += width;
  }
}

/**
 * The epilogue of a block of outputs whose sums are complete, rows `stride` bytes apart: row by row, as memory likes it.
 * `scale` and `shift` point to the block's first channel, `residual` to what belongs to its first output; pointers of
 * absent operands are not read.
 */
export function finishBlock(
  out: usize, stride: usize, rows: i32, columns: i32, bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  if (bits == 0) return;
  for (let row = 0; row < rows; row++) {
    const skip = <usize>row * stride;
    finishRow(out + skip, columns, bits, scale, shift, residual + skip);
  }
}
