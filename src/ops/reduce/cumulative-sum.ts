/**
 * Sums of everything up to each element along an axis: y_j = x_0 + ... + x_j. The gradient is the same from the other end:
 * dL/dx_j = dL/dy_j + ... + dL/dy_last.
 */
import type { DType } from '../../device/dtype.js';
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { normalizeAxis } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { type AlongAxis, alongAxis, runRange, runStart, runUnits } from '../core/along-axis.js';
import { apply, emit, expectDtype } from '../core/apply.js';

interface CumulativeSumAttributes extends AlongAxis {
  readonly dtype: DType;
  /** From the end of the axis to its beginning. */
  readonly backwards: boolean;
}

export const cumulativeSumKernel: Kernel<CumulativeSumAttributes> = {
  name: 'cumulativeSum',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      run: {
        file: 'reduce/cumulative-sum.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'run',
    words: ({ outer, length, inner, backwards }) => [outer * inner, length, inner, backwards ? 1 : 0],
    element: ({ dtype }) => (dtype === 'int32' ? 'i32' : 'f32'),
  },
  cpu: {
    units: runUnits,
    run({ attributes, operands: [x, y], begin, end }) {
      const { length, inner, backwards } = attributes;
      const [first, last] = runRange(attributes, begin, end);
      for (let run = first; run < last; run++) {
        const start = runStart(attributes, run);
        let total = 0;
        for (let j = 0; j < length; j++) {
          const at = start + (backwards ? length - 1 - j : j) * inner;
          total += x[at];
          y[at] = total;
        }
      }
    },
  },
};

function emitSums(x: Tensor, axis: number, backwards: boolean): Tensor {
  const attributes = { dtype: x.dtype, backwards, ...alongAxis(x.shape, axis) };
  return emit(cumulativeSumKernel, attributes, [x], x.shape, x.dtype);
}

export const cumulativeSumOperation: Operation<{ readonly axis: number }> = {
  name: 'cumulativeSum',
  shape(_, [x]) {
    if (x.dtype !== 'int32') expectDtype('cumulativeSum', x, 'float32');
    return x.shape;
  },
  forward: ({ axis }, [x]) => emitSums(x, axis, false),
  gradient: ({ attributes: { axis }, gradient }) => [emitSums(gradient, axis, true)],
};

/**
 * Sums along `axis` up to each element, itself included: the shape of `x`. float32, or int32, exact, as positions of tokens
 * are counted from a mask; int32 wraps around beyond 2^31.
 */
export function cumulativeSum(x: TensorLike, axis: number): Tensor {
  return apply(cumulativeSumOperation, { axis: normalizeAxis('cumulativeSum', axis, x.shape.length) }, [x]);
}
