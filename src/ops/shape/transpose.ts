/** Dimensions in another order; the gradient is put back by the inverse order. */
import { shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';

interface TransposeAttributes {
  readonly permutation: readonly number[];
}

export const transposeOperation: Operation<TransposeAttributes> = {
  name: 'transpose',
  shape({ permutation }, [x]) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== x.shape.length || !sorted.every((axis, d) => axis === d)) {
      throw shapeError(
        'transpose',
        `${showShape(permutation)} does not order the ${x.shape.length} dimensions of ${showShape(x.shape)}`,
        'name every axis once, counted from 0',
      );
    }
    return permutation.map((axis) => x.shape[axis]);
  },
  forward({ permutation }, [x], shape) {
    const out = emptyTensor(shape, x.dtype);
    const strides = stridesOf(x.shape);
    const from = { strides: permutation.map((axis) => strides[axis]), offset: 0 };
    copyRegion('transpose', x, out, shape, from, { strides: stridesOf(shape), offset: 0 });
    return out;
  },
  gradient: ({ attributes: { permutation }, gradient }) => [
    transpose(
      gradient,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
};

/** `x` with dimension `permutation[d]` at place d; reversed when no permutation is given. Copies. */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  const order = permutation ?? x.shape.map((_, d) => x.shape.length - 1 - d);
  return apply(transposeOperation, { permutation: order }, [x]);
}
