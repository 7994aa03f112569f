/**
 * The positions of indices, ordered by the rows that they name: who adds parts to rows finds those of each row beside each
 * other, and looks through no index again. Positions of one row stay in order, so sums keep theirs.
 *
 * The result is int32 [rows + 1 + indices]. Element r up to `rows` is how many positions name a row before r: the positions
 * of row r begin there, behind these first elements, and those of r + 1 where they end. At the very end stand positions that
 * name no row.
 *
 * On the processor it is a counting sort. A GPU has a workgroup for every 256 rows, which looks at all indices: that is 256
 * times less than an element of the table that looked for itself, and no atomics are needed, whose order would be anybody's.
 */
import { flatGrid } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import type { Tensor } from '../../tensor/tensor.js';
import { emit } from '../core/apply.js';

/** What rows indices may name. */
export interface IndexRange {
  readonly rows: number;
  /** Whether negative indices count from the end. */
  readonly wraps: boolean;
  /** A row to which nothing is added. */
  readonly skipped: number | null;
}

interface OrderIndicesAttributes extends IndexRange {
  readonly indices: number;
}

/** Rows of a workgroup, and its lanes. */
const WORKGROUP = 256;

export const orderIndicesKernel: Kernel<OrderIndicesAttributes> = {
  name: 'orderIndices',
  bindings: [
    { name: 'indices', access: 'read' },
    { name: 'order', access: 'write' },
  ],
  shader: {
    variants: {
      rows: {
        file: 'shape/order-indices.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP, WORKSPACE: 3 },
        // One row more, which those have that name none.
        grid: ({ rows }) => flatGrid(rows + 1, WORKGROUP),
        workspace: ({ indices }) => Math.max(1, indices),
      },
    },
    choose: () => 'rows',
    words: ({ indices, rows, wraps, skipped }) => [indices, rows, wraps ? rows : 0, skipped ?? rows],
  },
  cpu: {
    units: () => 1,
    run({ attributes: { indices: count, rows, wraps, skipped }, operands: [indices, order] }) {
      const rowOf = (index: number) => {
        const row = index < 0 && wraps ? index + rows : index;
        return row < 0 || row > rows || row === skipped ? rows : row;
      };
      order.fill(0, 0, rows + 1);
      for (let i = 0; i < count; i++) {
        const row = rowOf(indices[i]);
        if (row < rows) order[row + 1]++;
      }
      for (let row = 1; row <= rows; row++) order[row] += order[row - 1];
      const next = order.slice(0, rows + 1);
      for (let i = 0; i < count; i++) order[rows + 1 + next[rowOf(indices[i])]++] = i;
    },
  },
};

/** The positions of `indices` ordered by row, as one launch. */
export function orderIndices(indices: Tensor, range: IndexRange): Tensor {
  const { rows, wraps, skipped } = range;
  const attributes = { indices: indices.length, rows, wraps, skipped };
  return emit(orderIndicesKernel, attributes, [indices], [rows + 1 + indices.length], 'int32');
}
