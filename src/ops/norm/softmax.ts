/**
 * softmax along the last axis: y_j = e^(x_j - m) / sum over k of e^(x_k - m), m the row's largest element.
 *
 * dL/dx = y (dL/dy - sum over k of y_k dL/dy_k). The logarithm has its own kernel: taking it of the result would
 * lose small probabilities. log softmax: y_j = (x_j - m) - ln sum; dL/dx = dL/dy - softmax(x) sum dL/dy. In this order:
 * m + ln sum would round the logarithm to the digits that a large m leaves it, and x_j would take m away again.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { CPU_ROWS, type RowAttributes, rowsOf } from '../reduce/argmax.js';
import { exp } from '../pointwise/exp.js';
import { multiply } from '../pointwise/multiply.js';
import { subtract } from '../pointwise/subtract.js';
import { sum } from '../reduce/sum.js';

interface SoftmaxAttributes extends RowAttributes {
  readonly logarithm: boolean;
}

export const softmaxKernel: Kernel<SoftmaxAttributes> = {
  name: 'softmax',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'norm/softmax.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'row',
    words: ({ rows, columns, logarithm }) => [rows, columns, logarithm ? 1 : 0],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes: { rows, columns, logarithm }, operands: [x, y], begin, end }) {
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        const start = row * columns;
        const { largest, total } = rowStatistics(x, start, columns);
        const logarithmOfTotal = Math.log(total);
        for (let j = start; j < start + columns; j++) {
          const shifted = x[j] - largest;
          y[j] = logarithm ? shifted - logarithmOfTotal : Math.exp(shifted) / total;
        }
      }
    },
  },
  simd: simdEntry('softmax', {
    arguments({ rows, columns, logarithm }, [x, y], begin, end) {
      return { x, y, first: begin * CPU_ROWS, last: Math.min(rows, end * CPU_ROWS), columns, logarithm };
    },
  }),
};

/** The largest element of a row and the sum of e^(x - largest): what softmax and its losses divide by. */
export function rowStatistics(
  x: ArrayLike<number>,
  start: number,
  columns: number,
): { largest: number; total: number } {
  let largest = x[start];
  for (let j = start + 1; j < start + columns; j++) largest = Math.max(largest, x[j]);
  let total = 0;
  for (let j = start; j < start + columns; j++) total += Math.exp(x[j] - largest);
  return { largest, total };
}

function rowOperation(
  name: string,
  logarithm: boolean,
  gradient: Operation<null>['gradient'],
): Operation<null> {
  return {
    name,
    shape(_, [x]) {
      expectDtype(name, x, 'float32');
      rowsOf(name, x);
      return x.shape;
    },
    forward: (_, [x], shape) => emit(softmaxKernel, { logarithm, ...rowsOf(name, x) }, [x], shape),
    gradient,
  };
}

export const softmaxOperation = rowOperation('softmax', false, ({ output, gradient }) => [
  multiply(output, subtract(gradient, sum(multiply(output, gradient), -1, true))),
]);

export const logSoftmaxOperation = rowOperation('logSoftmax', true, ({ output, gradient }) => [
  subtract(gradient, multiply(exp(output), sum(gradient, -1, true))),
]);

/** Probabilities along the last axis. float32. */
export function softmax(x: TensorLike): Tensor {
  return apply(softmaxOperation, null, [x]);
}

/** Logarithms of the probabilities along the last axis. float32. */
export function logSoftmax(x: TensorLike): Tensor {
  return apply(logSoftmaxOperation, null, [x]);
}
