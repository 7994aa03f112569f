/** The index of the largest element along the last axis; the first of equal ones, as PyTorch's CPU gives. */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';

/** A tensor read as rows: what kernels along the last axis work on. */
export interface RowAttributes {
  readonly rows: number;
  readonly columns: number;
}

/** Rows per unit of CPU work. */
export const CPU_ROWS = 16;

/** `x` as rows along its last axis. Throws when it has none. */
export function rowsOf(operation: string, x: Tensor): RowAttributes {
  const columns = x.shape.at(-1);
  if (columns === undefined || columns === 0) {
    throw shapeError(operation, `shape ${showShape(x.shape)} has no elements along its last axis`);
  }
  return { rows: sizeOf(x.shape) / columns, columns };
}

export const argmaxKernel: Kernel<RowAttributes> = {
  name: 'argmax',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'index', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'reduce/argmax.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'row',
    words: ({ rows, columns }) => [rows, columns],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes: { rows, columns }, operands: [x, index], begin, end }) {
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        let best = 0;
        for (let j = 1; j < columns; j++) if (x[row * columns + j] > x[row * columns + best]) best = j;
        index[row] = best;
      }
    },
  },
};

export const argmaxOperation: Operation<null> = {
  name: 'argmax',
  shape(_, [x]) {
    expectDtype('argmax', x, 'float32');
    rowsOf('argmax', x);
    return x.shape.slice(0, -1);
  },
  forward: (_, [x], shape) => emit(argmaxKernel, rowsOf('argmax', x), [x], shape, 'int32'),
  gradient: { notDifferentiable: 'an index is piecewise constant' },
};

/** The index of the largest element of each row along the last axis: int32, that axis removed. */
export function argmax(x: TensorLike): Tensor {
  return apply(argmaxOperation, null, [x]);
}
