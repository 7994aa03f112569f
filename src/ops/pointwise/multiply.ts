/** y = a b; dL/da = b dL/dy, dL/db = a dL/dy, summed over what was broadcast. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { operand } from '../core/constant.js';
import { binaryKernel, binaryOperation } from './pointwise.js';

export const multiplyKernel = binaryKernel('multiply', (a, b) => a * b);

export const multiplyOperation = binaryOperation(multiplyKernel, ({ inputs: [a, b], gradient, wanted }) => [
  wanted[0] ? sumTo(multiply(gradient, b), a.shape) : null,
  wanted[1] ? sumTo(multiply(gradient, a), b.shape) : null,
]);

/** a b, element by element, with broadcasting. float32; a number stands for a tensor of rank 0. */
export function multiply(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(multiplyOperation, null, [operand(a), operand(b)]);
}
