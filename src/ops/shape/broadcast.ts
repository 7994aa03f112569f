/** broadcastTo repeats along dimensions; its gradient, `sumTo`, is what that of any broadcast operand needs. */
import {
  broadcastShapes,
  broadcastStrides,
  sameShape,
  type Shape,
  shapeError,
  showShape,
  stridesOf,
} from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { reduceAxes } from '../core/reduce.js';
import { reshape } from './reshape.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';

interface BroadcastAttributes {
  readonly shape: Shape;
}

export const broadcastToOperation: Operation<BroadcastAttributes> = {
  name: 'broadcastTo',
  shape({ shape }, [x]) {
    if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
      throw shapeError(
        'broadcastTo',
        `${showShape(x.shape)} does not broadcast to ${showShape(shape)}`,
        'axes are aligned at the end, and only those of size 1 are repeated',
      );
    }
    return shape;
  },
  forward(_, [x], shape) {
    const out = emptyTensor(shape, x.dtype);
    const from = { strides: broadcastStrides(x.shape, shape), offset: 0 };
    copyRegion('broadcastTo', x, out, shape, from, { strides: stridesOf(shape), offset: 0 });
    return out;
  },
  gradient: ({ inputs: [x], gradient }) => [sumTo(gradient, x.shape)],
};

/** `x` repeated along new dimensions in front and along those of size 1, to `shape`. Copies. */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? asTensor(x) : apply(broadcastToOperation, { shape }, [x]);
}

/** The adjoint of broadcasting: `x` summed over the dimensions along which `shape` was repeated. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, d) =>
    d < missing || (shape[d - missing] === 1 && size !== 1) ? [d] : [],
  );
  return reshape(reduceAxes(x, axes, 'sum'), shape);
}
