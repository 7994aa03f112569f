/** The largest element over dimensions; the gradient is shared equally among equal largest elements. */
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { greaterEqual } from '../pointwise/compare.js';
import { divide } from '../pointwise/divide.js';
import { multiply } from '../pointwise/multiply.js';
import { reduceAxes } from '../core/reduce.js';
import { reshape } from '../shape/reshape.js';
import { type ReductionAttributes, reducedShape, reductionAxes, sum } from './sum.js';

export const maxOperation: Operation<ReductionAttributes> = {
  name: 'max',
  shape(attributes, [x]) {
    expectDtype('max', x, 'float32');
    if (attributes.axes.some((axis) => x.shape[axis] === 0)) {
      throw shapeError(
        'max',
        `there is no largest element along a dimension of size 0 of ${showShape(x.shape)}`,
        'give at least one element there, or name other axes',
      );
    }
    return reducedShape(x.shape, attributes);
  },
  forward: ({ axes }, [x]) => reduceAxes(x, axes, 'max'),
  gradient({ attributes: { axes }, inputs: [x], output, gradient }) {
    const kept = reducedShape(x.shape, { axes, keepDims: true });
    const largest = greaterEqual(x, reshape(output, kept));
    return [multiply(largest, divide(reshape(gradient, kept), sum(largest, axes, true)))];
  },
};

/** The largest element over `axes` (all by default); NaN where one is. float32. */
export function max(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  return apply(maxOperation, { axes: reductionAxes('max', x.shape.length, axes), keepDims }, [x]);
}
