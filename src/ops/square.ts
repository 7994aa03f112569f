/** y = x^2; dy/dx = 2 x. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const squareOperation = unary({
  name: 'square',
  forward: (x) => x * x,
  derivative: (x) => 2 * x,
  from: 'input',
});

/** x^2, element by element. float32, any shape. */
export function square(x: TensorLike): Tensor {
  return apply(squareOperation.operation, null, [x]);
}
