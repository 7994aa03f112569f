/** y = min(max(x, 0), 6); dy/dx = 1 where 0 < y < 6, else 0. */
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { apply } from './apply.js';
import { unary } from './pointwise.js';

export const relu6Operation = unary({
  name: 'relu6',
  forward: (x) => Math.min(Math.max(x, 0), 6),
  derivative: (y) => (y > 0 && y < 6 ? 1 : 0),
  from: 'output',
});

/** min(max(x, 0), 6), element by element. float32, any shape. */
export function relu6(x: TensorLike): Tensor {
  return apply(relu6Operation.operation, null, [x]);
}
