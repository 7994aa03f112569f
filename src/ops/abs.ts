/** y = |x|; dy/dx = sign(x), 0 at x = 0. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const absOperation = unary({
  name: 'abs',
  forward: Math.abs,
  derivative: Math.sign,
  from: 'input',
});

/** |x|, element by element. float32, any shape. */
export function abs(x: TensorLike): Tensor {
  return apply(absOperation.operation, null, [x]);
}
