/** The product of a packed block of rows with packed panels, tile by tile. */
import { offsetsOf, panelsOf, ROW_BYTES, roundUp4, rowsOf, tileOf, widePanels } from './layout';
import { finishTile, storeTile } from './epilogue';
import { multiplyNarrow, multiplyWide, NARROW, NARROW_ROWS, Straight, WIDE, WIDE_ROWS } from './tile';

/**
 * Adds the product of the workspace's `rows` x `depth` rows and `depth` x `columns` panels to an output block,
 * or stores it when it is the `first` along depth; after the `last` the epilogue follows. Row i of the block
 * lies at the i-th of the workspace's offsets from `out` and `residual`; `stride` is the distance between rows if it is
 * the same for all, or 0. Pointers are as in storeTile. Rows are packed up to a multiple of 12 (what is in the others is
 * never stored).
 */
export function multiplyBlock(
  workspace: usize, rows: i32, depth: i32, columns: i32,
  out: usize, stride: usize, first: bool, last: bool,
  bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  const tile = tileOf(workspace);
  const left = rowsOf(workspace);
  const paddedDepth = roundUp4(depth);
  const direct = first && stride > 0;
  let panel = panelsOf(workspace);
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
      const skip = <usize>row * stride + at;
      const to = whole ? out + skip : tile;
      const toStride = whole ? stride : <usize>width * 4;
      if (isWide) multiplyWide<Straight>(from, panel, paddedDepth, to, toStride, false);
      else multiplyNarrow<Straight>(from, panel, paddedDepth, to, toStride, false);
      if (!whole) {
        storeTile(
          tile, width, count, used, offsetsOf(workspace) + <usize>row * 4, out + at, first, last,
          bits, scale + at, shift + at, residual + at,
        );
      } else if (last && bits != 0) {
        finishTile(to, stride, height, width, bits, scale + at, shift + at, residual + skip);
      }
    }
    panel += <usize>(paddedDepth * width) * 4;
    column += width;
  }
}
