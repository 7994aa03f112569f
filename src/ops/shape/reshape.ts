/** The same elements under another shape. An alias: there is no launch, and nothing is copied. */
import { type Shape, shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';

interface ReshapeAttributes {
  readonly shape: Shape;
}

export const reshapeOperation: Operation<ReshapeAttributes> = {
  name: 'reshape',
  shape({ shape }, [x]) {
    const known = sizeOf(shape.filter((size) => size !== -1));
    const free = shape.filter((size) => size === -1).length;
    const resolved = shape.map((size) => (size === -1 ? x.length / known : size));
    if (free > 1 || sizeOf(resolved) !== x.length || !resolved.every(Number.isInteger)) {
      throw shapeError(
        'reshape',
        `${showShape(x.shape)} cannot be read as ${showShape(shape)}: ${x.length} elements`,
        'sizes multiply to the number of elements; one may be -1: what the others leave',
      );
    }
    return resolved;
  },
  forward: (_, [x], shape) => new Tensor(x.recording, x.storage, shape),
  gradient: ({ inputs: [x], gradient }) => [reshape(gradient, x.shape)],
};

/** `x` with this shape; one size may be -1 and follows from the others. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  return apply(reshapeOperation, { shape }, [x]);
}

/** `x` as [first size, all the rest]; [1, 1] when it has no dimensions. */
export function flatten(x: TensorLike): Tensor {
  const [first = 1, ...rest] = x.shape;
  return reshape(x, [first, sizeOf(rest)]);
}
