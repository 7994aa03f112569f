/** y = a + b; dL/da = dL/dy, dL/db = dL/dy, summed over what was broadcast. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { operand } from '../core/constant.js';
import { binaryKernel, binaryOperation } from './pointwise.js';

export const addKernel = binaryKernel('add', (a, b) => a + b, true);

export const addOperation = binaryOperation(addKernel, ({ inputs: [a, b], gradient, wanted }) => [
  wanted[0] ? sumTo(gradient, a.shape) : null,
  wanted[1] ? sumTo(gradient, b.shape) : null,
]);

/** a + b, element by element, with broadcasting. float32; a number stands for a tensor of rank 0. */
export function add(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(addOperation, null, [operand(a), operand(b)]);
}
