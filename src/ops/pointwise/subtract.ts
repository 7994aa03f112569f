/** y = a - b; dL/da = dL/dy, dL/db = -dL/dy, summed over what was broadcast. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { operand } from '../core/constant.js';
import { negate } from './negate.js';
import { binaryKernel, binaryOperation } from './pointwise.js';

export const subtractKernel = binaryKernel('subtract', (a, b) => a - b);

export const subtractOperation = binaryOperation(subtractKernel, ({ inputs: [a, b], gradient, wanted }) => [
  wanted[0] ? sumTo(gradient, a.shape) : null,
  wanted[1] ? negate(sumTo(gradient, b.shape)) : null,
]);

/** a - b, element by element, with broadcasting. float32; a number stands for a tensor of rank 0. */
export function subtract(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(subtractOperation, null, [operand(a), operand(b)]);
}
