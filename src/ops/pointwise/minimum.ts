/** y = min(a, b); the gradient goes to the smaller operand, where they are equal to the first. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { lessEqual } from './compare.js';
import { operand } from '../core/constant.js';
import { multiply } from './multiply.js';
import { binaryKernel, binaryOperation } from './pointwise.js';
import { subtract } from './subtract.js';

export const minimumKernel = binaryKernel('minimum', Math.min);

export const minimumOperation = binaryOperation(minimumKernel, ({ inputs: [a, b], gradient, wanted }) => {
  const toFirst = multiply(gradient, lessEqual(a, b));
  return [
    wanted[0] ? sumTo(toFirst, a.shape) : null,
    wanted[1] ? sumTo(subtract(gradient, toFirst), b.shape) : null,
  ];
});

/** The smaller of a and b, element by element, with broadcasting. float32. */
export function minimum(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(minimumOperation, null, [operand(a), operand(b)]);
}
