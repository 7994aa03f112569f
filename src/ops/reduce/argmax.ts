/**
 * Where the largest or smallest element along an axis is; the first of equal ones, as PyTorch's CPU gives. A NaN comes before
 * every number, so that it is not lost. What other kernels on rows share is here, too.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { normalizeAxis, shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { type AlongAxis, alongAxis, runRange, runStart, runUnits } from '../core/along-axis.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { reducedShape } from './sum.js';

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
    throw shapeError(
      operation,
      `shape ${showShape(x.shape)} has no elements along its last axis`,
      'give rows of at least one element',
    );
  }
  return { rows: sizeOf(x.shape) / columns, columns };
}

interface ArgmaxAttributes extends AlongAxis {
  readonly smallest: boolean;
}

/** From this length on a GPU gives a whole workgroup to one result. */
export const WORKGROUP_FROM = 256;

/** Whether a comes before b: a larger number, or where the smallest is looked for a smaller one; a NaN before numbers. */
export function comesBefore(a: number, b: number, smallest: boolean): boolean {
  if (Number.isNaN(a)) return !Number.isNaN(b);
  return smallest ? a < b : a > b;
}

export const argmaxKernel: Kernel<ArgmaxAttributes> = {
  name: 'argmax',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'index', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'reduce/argmax.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'comes-before.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: 'reduce/argmax-workgroup.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'comes-before.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, 1),
      },
    },
    choose: ({ length }, { software }) => (length >= WORKGROUP_FROM && !software ? 'workgroup' : 'row'),
    words: ({ outer, length, inner, smallest }) => [outer * inner, length, inner, smallest ? 1 : 0],
  },
  cpu: {
    units: runUnits,
    run({ attributes, operands: [x, index], begin, end }) {
      const { length, inner, smallest } = attributes;
      const [first, last] = runRange(attributes, begin, end);
      for (let run = first; run < last; run++) {
        const start = runStart(attributes, run);
        let best = 0;
        for (let j = 1; j < length; j++)
          if (comesBefore(x[start + j * inner], x[start + best * inner], smallest)) best = j;
        index[run] = best;
      }
    },
  },
};

interface AxisAttributes {
  readonly axis: number;
  readonly keepDims: boolean;
}

function argOperation(name: string, smallest: boolean): Operation<AxisAttributes> {
  return {
    name,
    shape({ axis, keepDims }, [x]) {
      expectDtype(name, x, 'float32');
      if (x.shape[axis] === 0)
        throw shapeError(
          name,
          `shape ${showShape(x.shape)} has no elements along axis ${axis}`,
          'give at least one element there, or name another axis',
        );
      return reducedShape(x.shape, { axes: [axis], keepDims });
    },
    forward: ({ axis }, [x], shape) =>
      emit(argmaxKernel, { smallest, ...alongAxis(x.shape, axis) }, [x], shape, 'int32'),
    gradient: { notDifferentiable: 'an index is piecewise constant' },
  };
}

export const argmaxOperation = argOperation('argmax', false);
export const argminOperation = argOperation('argmin', true);

/**
 * The index of the largest element along `axis`, the last by default: int32, that axis removed or with `keepDims` of size 1.
 * The first of equal ones; a NaN counts as the largest. Throws AttuneError 'shape' where the axis has no elements.
 */
export function argmax(x: TensorLike, axis = -1, keepDims = false): Tensor {
  return apply(argmaxOperation, { axis: normalizeAxis('argmax', axis, x.shape.length), keepDims }, [x]);
}

/** The index of the smallest element along `axis`; otherwise as argmax. A NaN counts as the smallest. */
export function argmin(x: TensorLike, axis = -1, keepDims = false): Tensor {
  return apply(argminOperation, { axis: normalizeAxis('argmin', axis, x.shape.length), keepDims }, [x]);
}
