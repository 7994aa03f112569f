/** y = a / b; dL/da = dL/dy / b, dL/db = -y dL/dy / b, summed over what was broadcast. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { operand } from '../core/constant.js';
import { multiply } from './multiply.js';
import { negate } from './negate.js';
import { binaryKernel, binaryOperation } from './pointwise.js';

export const divideKernel = binaryKernel('divide', (a, b) => a / b);

export const divideOperation = binaryOperation(
  divideKernel,
  ({ inputs: [a, b], output, gradient, wanted }) => [
    wanted[0] ? sumTo(divide(gradient, b), a.shape) : null,
    wanted[1] ? negate(sumTo(divide(multiply(gradient, output), b), b.shape)) : null,
  ],
);

/** a / b, element by element, with broadcasting. float32; a number stands for a tensor of rank 0. */
export function divide(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(divideOperation, null, [operand(a), operand(b)]);
}
