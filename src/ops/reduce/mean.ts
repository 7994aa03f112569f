/** mean over dimensions: a sum whose launch divides by the number of elements before it stores. */
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Scalar, Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { broadcastTo } from '../shape/broadcast.js';
import { multiply } from '../pointwise/multiply.js';
import { reduceAxes } from '../core/reduce.js';
import { reshape } from '../shape/reshape.js';
import { type ReductionAttributes, reducedShape, reductionAxes } from './sum.js';

/** How many elements of `x` one result is the mean of. */
function countOf(x: TensorLike, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * x.shape[axis], 1);
}

export const meanOperation: Operation<ReductionAttributes> = {
  name: 'mean',
  shape(attributes, [x]) {
    expectDtype('mean', x, 'float32');
    if (countOf(x, attributes.axes) === 0)
      throw shapeError(
        'mean',
        `there are no elements to take the mean of in shape ${showShape(x.shape)}`,
        'give at least one element, or take the sum',
      );
    return reducedShape(x.shape, attributes);
  },
  // Axes that are not neighbours take a launch each: all groups are of one size, so a mean of means is the mean.
  forward: ({ axes }, [x]) => reduceAxes(x, axes, 'mean'),
  gradient({ attributes: { axes }, inputs: [x], gradient }) {
    const each = multiply(gradient, 1 / countOf(x, axes));
    return [broadcastTo(reshape(each, reducedShape(x.shape, { axes, keepDims: true })), x.shape)];
  },
};

/** The mean over `axes` (all by default). float32. Throws when there is nothing to take the mean of. */
export function mean(x: TensorLike): Scalar;
export function mean(x: TensorLike, axes?: number | readonly number[], keepDims?: boolean): Tensor;
export function mean(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  return apply(meanOperation, { axes: reductionAxes('mean', x.shape.length, axes), keepDims }, [x]);
}
