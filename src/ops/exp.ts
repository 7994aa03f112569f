/** y = e^x; dy/dx = y. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const expOperation = unary({
  name: 'exp',
  forward: Math.exp,
  derivative: (y) => y,
  from: 'output',
});

/** e^x, element by element. float32, any shape. */
export function exp(x: TensorLike): Tensor {
  return apply(expOperation.operation, null, [x]);
}
