/** The matrix product on the CPU in plain loops: the reference, in float64, for every other way to compute it. */
import type { CpuLoop } from '../../device/kernel.js';
import { finishRow } from '../core/epilogue-loop.js';
import { type MatmulAttributes, matrixStart } from './matmul-attributes.js';
import { MATMUL_UNIT_ROWS, matmulUnits } from './matmul-simd.js';
import { createPanels, multiplyPanels, packLine } from './packed-product.js';

export const matmulLoop: CpuLoop<MatmulAttributes> = {
  units: matmulUnits,
  run({ attributes, operands: [a, b, scale, shift, residual, out], begin, end }) {
    const { heads, m, n, k, transposeA, transposeB, epilogue } = attributes;
    const { row: rowA } = attributes.a;
    const { row: rowB } = attributes.b;
    const { row: rowOut } = attributes.out;
    const blocks = Math.ceil(m / MATMUL_UNIT_ROWS);
    const operands = { scale, shift, residual, out };
    const rowPanels = createPanels(MATMUL_UNIT_ROWS, k);
    const columnPanels = createPanels(n, k);
    const sums = new Float64Array(MATMUL_UNIT_ROWS * n);
    let packed = -1;
    for (let unit = begin; unit < end; unit++) {
      const product = Math.floor(unit / blocks);
      if (product !== packed) {
        const start = matrixStart(heads, attributes.b, product);
        for (let j = 0; j < n; j++) {
          packLine(columnPanels, k, j, 0, k, b, start + (transposeB ? j * rowB : j), transposeB ? 1 : rowB);
        }
        packed = product;
      }
      const firstRow = (unit % blocks) * MATMUL_UNIT_ROWS;
      const rows = Math.min(MATMUL_UNIT_ROWS, m - firstRow);
      const startA = matrixStart(heads, attributes.a, product);
      for (let i = 0; i < rows; i++) {
        const row = firstRow + i;
        packLine(rowPanels, k, i, 0, k, a, startA + (transposeA ? row : row * rowA), transposeA ? rowA : 1);
      }
      multiplyPanels(rowPanels, columnPanels, k, rows, n, sums);
      const startOut = matrixStart(heads, attributes.out, product);
      for (let i = 0; i < rows; i++) {
        finishRow(epilogue, operands, sums, i * n, n, 0, startOut + (firstRow + i) * rowOut);
      }
    }
  },
};
