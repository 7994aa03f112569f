/** y = ln(x); dy/dx = 1 / x. Not a number below 0, -infinity at 0. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const logOperation = unary({
  name: 'log',
  forward: Math.log,
  derivative: (x) => 1 / x,
  from: 'input',
});

/** The natural logarithm, element by element. float32, any shape. */
export function log(x: TensorLike): Tensor {
  return apply(logOperation.operation, null, [x]);
}
