/** y = -x; dy/dx = -1. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const negateOperation = unary({
  name: 'negate',
  forward: (x) => -x,
  derivative: () => -1,
  from: 'output',
});

/** -x, element by element. float32, any shape. */
export function negate(x: TensorLike): Tensor {
  return apply(negateOperation.operation, null, [x]);
}
