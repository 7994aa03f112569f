/**
 * Matrix product: C = epilogue(A B), as described in src/ops/product/matmul-attributes.ts.
 * Units are blocks of BLOCK_ROWS rows, product after product (matmulUnits in src/ops/product/matmul-simd.ts).
 */
import { finishBlock, multiplyBlock } from './block';
import { BLOCK_COLUMNS, BLOCK_ROWS, depthBlock, panelsOf, ROW_BYTES, roundUp4, rowsOf, setEvenOffsets } from './layout';
import { copyBlock, packPanels, transposeBlock } from './pack';

/** Computes the units begin <= u < end. Pointers of absent operands are not read. */
export function matmul(
  a: usize, b: usize, scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  begin: i32, end: i32,
  m: i32, n: i32, k: i32, transposeA: bool, transposeB: bool, batchStrideA: i32, batchStrideB: i32, bits: i32,
): void {
  const blocks = (m + BLOCK_ROWS - 1) / BLOCK_ROWS;
  while (begin < end) {
    const product = begin / blocks;
    const firstBlock = begin % blocks;
    const lastBlock = min(blocks, firstBlock + end - begin);
    const skip = <usize>product * <usize>m * <usize>n * 4;
    multiplyRows(
      a + <usize>product * <usize>batchStrideA * 4, <usize>(transposeA ? m : k) * 4, transposeA,
      b + <usize>product * <usize>batchStrideB * 4, <usize>(transposeB ? k : n) * 4, transposeB,
      scale, shift, residual + skip, out + skip, workspace,
      firstBlock * BLOCK_ROWS, min(m, lastBlock * BLOCK_ROWS), n, k, bits,
    );
    begin += lastBlock - firstBlock;
  }
}

/**
 * Rows firstRow <= i < lastRow of one product. Strides are bytes from one stored row to the next; the output's
 * rows are n floats apart.
 */
export function multiplyRows(
  a: usize, strideA: usize, transposeA: bool, b: usize, strideB: usize, transposeB: bool,
  scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  firstRow: i32, lastRow: i32, n: i32, k: i32, bits: i32,
): void {
  const outBytes = <usize>n * 4;
  const step = depthBlock(k);
  setEvenOffsets(workspace, outBytes);
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
        const skip = <usize>row * outBytes + at;
        multiplyBlock(workspace, rows, depth, columns, out + skip, outBytes, from == 0);
        if (from + step < k) continue;
        finishBlock(out + skip, outBytes, rows, columns, bits, scale + at, shift + at, residual + skip);
      }
    }
  }
}
