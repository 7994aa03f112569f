/** y = x^(1/2); dy/dx = 1 / (2 y). */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const sqrtOperation = unary({
  name: 'sqrt',
  forward: Math.sqrt,
  derivative: (y) => 0.5 / y,
  from: 'output',
});

/** The square root, element by element. float32, any shape. */
export function sqrt(x: TensorLike): Tensor {
  return apply(sqrtOperation.operation, null, [x]);
}
