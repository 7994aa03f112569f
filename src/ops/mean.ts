/** The mean over dimensions: the sum divided by the number of elements. */
import type { Scalar, Tensor, TensorLike } from '../tensor/tensor.js';
import { shapeError, showShape } from '../tensor/shape.js';
import { multiply } from './multiply.js';
import { reductionAxes, sum } from './sum.js';

/** The mean over `axes` (all by default). float32. */
export function mean(x: TensorLike): Scalar;
export function mean(x: TensorLike, axes?: number | readonly number[], keepDims?: boolean): Tensor;
export function mean(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  const reduced = reductionAxes('mean', x.shape.length, axes);
  const count = reduced.reduce((product, axis) => product * x.shape[axis], 1);
  if (count === 0)
    throw shapeError('mean', `there are no elements to take the mean of in shape ${showShape(x.shape)}`);
  return multiply(sum(x, reduced, keepDims), 1 / count);
}
