/**
 * softmax along the last axis: y_j = e^(x_j - m) / sum over k of e^(x_k - m), m the row's largest element.
 *
 * dL/dx = y (dL/dy - sum over k of y_k dL/dy_k). The logarithm has its own kernel: taking it of the result would
 * lose small probabilities. log softmax: y_j = (x_j - m) - ln sum; dL/dx = dL/dy - softmax(x) sum dL/dy. In this order:
 * m + ln sum would round the logarithm to the digits that a large m leaves it, and x_j would take m away again.
 *
 * masked-softmax.ts has it with a mask. Along another axis it is computed between two transposes.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { normalizeAxis, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { CPU_ROWS, type RowAttributes, rowsOf } from '../reduce/argmax.js';
import { exp } from '../pointwise/exp.js';
import { multiply } from '../pointwise/multiply.js';
import { subtract } from '../pointwise/subtract.js';
import { sum } from '../reduce/sum.js';
import { reshape } from '../shape/reshape.js';
import { transpose } from '../shape/transpose.js';
import { maskedSoftmaxOperation } from './masked-softmax.js';

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

/** Along which axis, and of which elements. */
export interface SoftmaxOptions {
  /** The axis whose elements share a probability of 1; may be negative. Default -1, the last one. */
  readonly axis?: number;
  /**
   * Broadcast to x. int32: elements count where it is not 0; float32: added to x, -Infinity where an element shall not
   * count. Default: all count. A row of which nothing counts gives zeros, and -Infinity under the logarithm.
   */
  readonly mask?: TensorLike;
}

const NAMES: OptionNames<SoftmaxOptions> = { axis: true, mask: true };

/**
 * Probabilities along an axis, by default the last: of the shape of `x`, float32. Throws AttuneError 'shape' for an axis or
 * a mask that does not fit, 'usage' for an unknown option.
 */
export function softmax(x: TensorLike, options: SoftmaxOptions = {}): Tensor {
  return along('softmax', x, options);
}

/**
 * Logarithms of the probabilities along an axis, by default the last: of the shape of `x`, float32. What a mask leaves out
 * is -Infinity. Throws as `softmax`.
 */
export function logSoftmax(x: TensorLike, options: SoftmaxOptions = {}): Tensor {
  return along('logSoftmax', x, options);
}

function along(name: 'softmax' | 'logSoftmax', x: TensorLike, options: SoftmaxOptions): Tensor {
  refuseUnknownOptions(options, NAMES, name);
  const { axis = -1, mask } = options;
  const rank = x.shape.length;
  const last = rank - 1;
  const place = axis === -1 ? last : normalizeAxis(name, axis, rank);
  if (place !== last) {
    // The axis changes places with the last one, and back.
    const order = x.shape.map((_, d) => (d === place ? last : d === last ? place : d));
    const turned = mask === undefined ? {} : { mask: transpose(ofRank(name, mask, rank), order) };
    return transpose(along(name, transpose(x, order), turned), order);
  }
  if (mask !== undefined)
    return apply(maskedSoftmaxOperation, { logarithm: name === 'logSoftmax' }, [x, mask]);
  return apply(name === 'softmax' ? softmaxOperation : logSoftmaxOperation, null, [x]);
}

/** The mask with sizes of 1 in front, up to the rank of what it broadcasts to. */
function ofRank(name: string, mask: TensorLike, rank: number): Tensor {
  const { shape } = mask;
  if (shape.length > rank)
    throw shapeError(
      name,
      `a mask of shape ${showShape(shape)} has more than ${rank} dimensions`,
      'take the axes in front away with reshape',
    );
  return reshape(mask, [...new Array<number>(rank - shape.length).fill(1), ...shape]);
}
