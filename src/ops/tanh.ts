/** y = tanh(x); dy/dx = 1 - y^2. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const tanhOperation = unary({
  name: 'tanh',
  forward: Math.tanh,
  derivative: (y) => 1 - y * y,
  from: 'output',
});

/** The hyperbolic tangent, element by element. float32, any shape. */
export function tanh(x: TensorLike): Tensor {
  return apply(tanhOperation.operation, null, [x]);
}
