/** y = 1 / (1 + e^-x); dy/dx = y (1 - y). */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const sigmoidOperation = unary({
  name: 'sigmoid',
  forward: (x) => 1 / (1 + Math.exp(-x)),
  derivative: (y) => y * (1 - y),
  from: 'output',
});

/** 1 / (1 + e^-x), element by element. float32, any shape. */
export function sigmoid(x: TensorLike): Tensor {
  return apply(sigmoidOperation.operation, null, [x]);
}
