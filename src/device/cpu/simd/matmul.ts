/**
 * Matrix product: C = epilogue(A B), as described in src/ops/product/matmul-attributes.ts.
 * Units are blocks of BLOCK_ROWS rows, product after product (matmulUnits in src/ops/product/matmul-simd.ts).
 */
import { finishBlock, multiplyBlock } from './block';
import { BLOCK_COLUMNS, BLOCK_ROWS, depthBlock, panelsOf, ROW_BYTES, roundUp4, rowsOf, setEvenOffsets } from './layout';
import { copyBlock, packPanels, transposeBlock } from './pack';

/** Computes the units begin <= u < end. Strides are floats. Pointers of absent operands are not read. */
export function matmul(
  a: usize, b: usize, scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  begin: i32, end: i32,
  heads: i32, m: i32, n: i32, k: i32, transposeA: bool, transposeB: bool,
  rowA: i32, batchA: i32, headA: i32, rowB: i32, batchB: i32, headB: i32, rowOut: i32, batchOut: i32, headOut: i32,
  bits: i32,
): void {
  const blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
  while (begin < end) {
    const product = begin / blocks;
    const firstBlock = begin % blocks;
    const lastBlock = min(blocks, firstBlock + end - begin);
    const outer = <usize>(product / heads);
    const head = <usize>(product % heads);
    const skip = (outer * <usize>batchOut + head * <usize>headOut) * 4;
    multiplyRows(
      a + (outer * <usize>batchA + head * <usize>headA) * 4, <usize>rowA * 4, transposeA,
      b + (outer * <usize>batchB + head * <usize>headB) * 4, <usize>rowB * 4, transposeB,
      scale, shift, residual + skip, out + skip, <usize>rowOut * 4, workspace,
      firstBlock * BLOCK_ROWS, min(m, lastBlock * BLOCK_ROWS), n, k, bits,
    );
    begin += lastBlock - firstBlock;
  }
}

/**
 * Rows firstRow <= i < lastRow of one product. Strides are bytes from one stored row to the next; the residual's is the
 * output's.
 */
export function multiplyRows(
  a: usize, strideA: usize, transposeA: bool, b: usize, strideB: usize, transposeB: bool,
  scale: usize, shift: usize, residual: usize, out: usize, strideOut: usize, workspace: usize,
  firstRow: i32, lastRow: i32, n: i32, k: i32, bits: i32,
): void {
  const step = depthBlock(k);
  setEvenOffsets(workspace, strideOut);
  for (let column = 0; column < n; column += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, n - column);
    const at = <usize>column * 4;
    for (let from = 0; from < k; from += step) {
      const depth = min(step, k - from);
      const source = transposeB
        ? b + <usize>column * strideB + <usize>from * 4
        : b + <usize>from * strideB + at;
      packPanels(panelsOf(workspace), source, strideB, depth, columns, transposeB);
      for (let row = firstRow; row < lastRow; row += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, lastRow - row);
        if (transposeA) {
          const block = a + <usize>from * strideA + <usize>row * 4;
          transposeBlock(rowsOf(workspace), ROW_BYTES, block, strideA, rows, depth, roundUp4(depth));
        } else {
          const block = a + <usize>row * strideA + <usize>from * 4;
          copyBlock(rowsOf(workspace), ROW_BYTES, block, strideA, rows, depth, roundUp4(depth));
        }
        const skip = <usize>row * strideOut + at;
        multiplyBlock(workspace, rows, depth, columns, out + skip, strideOut, from == 0);
        if (from + step < k) continue;
        finishBlock(out + skip, strideOut, rows, columns, bits, scale + at, shift + at, residual + skip);
      }
    }
  }
}
