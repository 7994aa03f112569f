/**
 * takeAlongAxis takes one element for each index along an axis, as torch.gather: y[o, j, i] = x[o, indices[o, j, i], i]. Each
 * place beside the axis has indices of its own, where gather takes whole parts by one list.
 *
 * Its gradient adds each element of dL/dy where it was taken from, in the order of j: one run along the axis after another,
 * which nothing else writes, so that no atomics are needed.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import { normalizeAxis, sameShape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { type AlongAxis, alongAxis, runRange, runUnits } from '../core/along-axis.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { zeros } from '../core/constant.js';
import { flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { assertInside } from './gather.js';
import { slice } from './slice.js';

interface TakeAttributes extends AlongAxis {
  /** Elements of the result, outer * taken * inner. */
  readonly count: number;
  /** Indices along the axis. */
  readonly taken: number;
}

export const takeAlongAxisKernel: Kernel<TakeAttributes> = {
  name: 'takeAlongAxis',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: flatVariant<TakeAttributes>('shape/take-along-axis.wgsl', []),
    choose: () => 'flat',
    // WGSL has no NaN literal: it travels as data.
    words: ({ count, length, inner, taken }) => [count, length, inner, taken, float(Number.NaN)],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, length, inner, taken }, operands: [x, indices, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let k = first; k < last; k++) {
        const at = indices[k];
        const outer = Math.floor(k / (taken * inner));
        y[k] = at >= 0 && at < length ? x[(outer * length + at) * inner + (k % inner)] : Number.NaN;
      }
    },
  },
};

export const addAlongAxisKernel: Kernel<TakeAttributes> = {
  name: 'addAlongAxis',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'read_write' },
  ],
  shader: {
    variants: {
      run: {
        file: 'shape/add-along-axis.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'run',
    words: ({ outer, length, inner, taken }) => [outer * inner, length, inner, taken],
  },
  cpu: {
    units: runUnits,
    run({ attributes, operands: [x, indices, y], begin, end }) {
      const { length, inner, taken } = attributes;
      const [first, last] = runRange(attributes, begin, end);
      for (let run = first; run < last; run++) {
        const outer = Math.floor(run / inner);
        const column = run - outer * inner;
        for (let j = 0; j < taken; j++) {
          const from = (outer * taken + j) * inner + column;
          const at = indices[from];
          if (at >= 0 && at < length) y[(outer * length + at) * inner + column] += x[from];
        }
      }
    },
  },
};

interface AxisAttributes {
  readonly axis: number;
}

function attributesOf(x: Tensor, indices: Tensor, axis: number): TakeAttributes {
  return { count: indices.length, taken: indices.shape[axis], ...alongAxis(x.shape, axis) };
}

export const takeAlongAxisOperation: Operation<AxisAttributes> = {
  name: 'takeAlongAxis',
  shape({ axis }, [x, indices]) {
    expectDtype('takeAlongAxis', x, 'float32');
    expectDtype('takeAlongAxis', indices, 'int32', 'indices');
    const beside = x.shape.map((size, d) => (d === axis ? indices.shape[d] : size));
    if (!sameShape(beside, indices.shape)) {
      throw shapeError(
        'takeAlongAxis',
        `indices of shape ${showShape(indices.shape)} do not fit ${showShape(x.shape)} beside axis ${axis}`,
        'they have the same rank, and beside the axis no size is larger',
      );
    }
    assertInside('takeAlongAxis', indices, x.shape[axis]);
    return indices.shape;
  },
  forward: ({ axis }, [x, indices], shape) =>
    emit(takeAlongAxisKernel, attributesOf(x, indices, axis), [x, indices], shape),
  gradient({ attributes: { axis }, inputs: [x, indices], gradient }) {
    const result = zeros(x.shape);
    if (indices.length > 0) {
      const operands = [gradient.storage, indices.storage, result.storage];
      currentRecording().launch(addAlongAxisKernel, attributesOf(x, indices, axis), operands);
    }
    return [result, null];
  },
};

/**
 * The elements of `x` at `indices` (int32, of the same rank) along `axis`, as torch.gather: of the shape of the indices, which
 * beside the axis may be smaller than x. float32. Indices count from 0. Throws AttuneError 'shape' for an index outside, or
 * NaN stands in the result where the device computed it.
 */
export function takeAlongAxis(x: TensorLike, indices: TensorLike, axis: number): Tensor {
  const normal = normalizeAxis('takeAlongAxis', axis, x.shape.length);
  const sizes = x.shape.map((size, d) => (d === normal ? size : Math.min(size, indices.shape[d] ?? size)));
  const part = sameShape(sizes, x.shape)
    ? asTensor(x)
    : slice(
        x,
        sizes.map(() => 0),
        sizes,
      );
  return apply(takeAlongAxisOperation, { axis: normal }, [part, indices]);
}
