/** sum adds up dimensions; its gradient is repeated along them. What the other reductions share is here, too. */
import { normalizeAxis, type Shape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Scalar, Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { broadcastTo } from '../shape/broadcast.js';
import { reduceAxes } from '../core/reduce.js';
import { reshape } from '../shape/reshape.js';

/** Which dimensions a reduction takes away; `keepDims` leaves them as size 1. */
export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** `shape` without the axes, or with size 1 there. */
export function reducedShape(shape: Shape, { axes, keepDims }: ReductionAttributes): Shape {
  return keepDims
    ? shape.map((size, d) => (axes.includes(d) ? 1 : size))
    : shape.filter((_, d) => !axes.includes(d));
}

export const sumOperation: Operation<ReductionAttributes> = {
  name: 'sum',
  shape(attributes, [x]) {
    if (x.dtype !== 'int32') expectDtype('sum', x, 'float32');
    return reducedShape(x.shape, attributes);
  },
  forward: ({ axes }, [x]) => reduceAxes(x, axes, 'sum'),
  gradient: ({ attributes: { axes }, inputs: [x], gradient }) => [
    broadcastTo(reshape(gradient, reducedShape(x.shape, { axes, keepDims: true })), x.shape),
  ],
};

/** The axes that a reduction's options name; all of them when none is named. */
export function reductionAxes(operation: string, rank: number, axes?: number | readonly number[]): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, d) => d);
  const list = typeof axes === 'number' ? [axes] : axes;
  return [...new Set(list.map((axis) => normalizeAxis(operation, axis, rank)))].sort((a, b) => a - b);
}

/**
 * The sum over `axes` (all by default). float32, added in a fixed order; int32 as int32, exact, as masks are counted: beyond
 * 2^31 it wraps around.
 */
export function sum(x: TensorLike): Scalar;
export function sum(x: TensorLike, axes?: number | readonly number[], keepDims?: boolean): Tensor;
export function sum(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  return apply(sumOperation, { axes: reductionAxes('sum', x.shape.length, axes), keepDims }, [x]);
}
