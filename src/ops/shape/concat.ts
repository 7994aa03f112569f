/** Tensors end to end along one axis; the gradient is cut apart again. */
import { normalizeAxis, shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { blockAt, slice } from './slice.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';

interface ConcatAttributes {
  readonly axis: number;
}

export const concatOperation: Operation<ConcatAttributes> = {
  name: 'concat',
  shape({ axis }, inputs) {
    const [first, ...others] = inputs;
    for (const other of others) {
      expectDtype('concat', other, first.dtype);
      const fits =
        other.shape.length === first.shape.length &&
        other.shape.every((size, d) => d === axis || size === first.shape[d]);
      if (!fits) {
        throw shapeError(
          'concat',
          `shapes ${showShape(first.shape)} and ${showShape(other.shape)} differ beside axis ${axis}`,
          'only the sizes along the axis may differ',
        );
      }
    }
    const total = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
    return first.shape.map((size, d) => (d === axis ? total : size));
  },
  forward({ axis }, inputs, shape) {
    const out = emptyTensor(shape, inputs[0].dtype);
    let start = 0;
    for (const input of inputs) {
      const to = blockAt(
        shape,
        shape.map((_, d) => (d === axis ? start : 0)),
      );
      copyRegion('concat', input, out, input.shape, { strides: stridesOf(input.shape), offset: 0 }, to);
      start += input.shape[axis];
    }
    return out;
  },
  gradient({ attributes: { axis }, inputs, gradient, wanted }) {
    let start = 0;
    return inputs.map((input, i) => {
      const starts = input.shape.map((_, d) => (d === axis ? start : 0));
      start += input.shape[axis];
      return wanted[i] ? slice(gradient, starts, input.shape) : null;
    });
  },
};

/** The tensors one after another along `axis` (negative: from the end). At least one; equal shapes beside it. */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  if (tensors.length === 0)
    throw shapeError('concat', 'there is nothing to concatenate', 'give at least one tensor');
  return apply(concatOperation, { axis: normalizeAxis('concat', axis, tensors[0].shape.length) }, tensors);
}
