/** y = max(a, b); the gradient goes to the larger operand, where they are equal to the first. */
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { greaterEqual } from './compare.js';
import { operand } from '../core/constant.js';
import { multiply } from './multiply.js';
import { binaryKernel, binaryOperation } from './pointwise.js';
import { subtract } from './subtract.js';

export const maximumKernel = binaryKernel('maximum', Math.max);

export const maximumOperation = binaryOperation(maximumKernel, ({ inputs: [a, b], gradient, wanted }) => {
  const toFirst = multiply(gradient, greaterEqual(a, b));
  return [
    wanted[0] ? sumTo(toFirst, a.shape) : null,
    wanted[1] ? sumTo(subtract(gradient, toFirst), b.shape) : null,
  ];
});

/** The larger of a and b, element by element, with broadcasting. float32. */
export function maximum(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(maximumOperation, null, [operand(a), operand(b)]);
}
