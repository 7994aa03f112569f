/** Comparisons: y = 1 where they hold, else 0. Piecewise constant, so without a gradient. */
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply } from '../core/apply.js';
import { operand } from '../core/constant.js';
import { binaryKernel, binaryOperation } from './pointwise.js';

const PIECEWISE_CONSTANT = { notDifferentiable: 'a comparison is piecewise constant' };

export const greaterEqualKernel = binaryKernel('greaterEqual', (a, b) => (a >= b ? 1 : 0));
export const lessEqualKernel = binaryKernel('lessEqual', (a, b) => (a <= b ? 1 : 0));

export const greaterEqualOperation: Operation<null> = binaryOperation(greaterEqualKernel, PIECEWISE_CONSTANT);
export const lessEqualOperation: Operation<null> = binaryOperation(lessEqualKernel, PIECEWISE_CONSTANT);

/** 1 where a >= b, else 0, with broadcasting. float32. */
export function greaterEqual(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(greaterEqualOperation, null, [operand(a), operand(b)]);
}

/** 1 where a <= b, else 0, with broadcasting. float32. */
export function lessEqual(a: TensorLike | number, b: TensorLike | number): Tensor {
  return apply(lessEqualOperation, null, [operand(a), operand(b)]);
}
