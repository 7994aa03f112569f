/**
 * sum adds up dimensions; broadcastTo repeats along them. Each is the gradient of the other, so they share this
 * file. `sumTo` is what the gradient of a broadcast operand needs.
 */
import {
  broadcastShapes,
  broadcastStrides,
  normalizeAxis,
  sameShape,
  type Shape,
  shapeError,
  showShape,
  stridesOf,
} from '../tensor/shape.js';
import type { Operation } from '../tensor/tape.js';
import { asTensor, type Scalar, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { apply, expectDtype } from './apply.js';
import { reduceAxes } from './reduce.js';
import { reshape } from './reshape.js';
import { copyRegion, emptyTensor } from './strided-copy.js';

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
    expectDtype('sum', x, 'float32');
    return reducedShape(x.shape, attributes);
  },
  forward: ({ axes }, [x]) => reduceAxes(x, axes, 'sum'),
  gradient: ({ attributes: { axes }, inputs: [x], gradient }) => [
    broadcastTo(reshape(gradient, reducedShape(x.shape, { axes, keepDims: true })), x.shape),
  ],
};

interface BroadcastAttributes {
  readonly shape: Shape;
}

export const broadcastToOperation: Operation<BroadcastAttributes> = {
  name: 'broadcastTo',
  shape({ shape }, [x]) {
    if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
      throw shapeError('broadcastTo', `${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
    }
    return shape;
  },
  forward(_, [x], shape) {
    const out = emptyTensor(shape, x.dtype);
    const from = { strides: broadcastStrides(x.shape, shape), offset: 0 };
    copyRegion('broadcastTo', x, out, shape, from, { strides: stridesOf(shape), offset: 0 });
    return out;
  },
  gradient: ({ inputs: [x], gradient }) => [sumTo(gradient, x.shape)],
};

/** The axes that a reduction's options name; all of them when none is named. */
export function reductionAxes(operation: string, rank: number, axes?: number | readonly number[]): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, d) => d);
  const list = typeof axes === 'number' ? [axes] : axes;
  return [...new Set(list.map((axis) => normalizeAxis(operation, axis, rank)))].sort((a, b) => a - b);
}

/** The sum over `axes` (all by default). float32, added in a fixed order. */
export function sum(x: TensorLike): Scalar;
export function sum(x: TensorLike, axes?: number | readonly number[], keepDims?: boolean): Tensor;
export function sum(x: TensorLike, axes?: number | readonly number[], keepDims = false): Tensor {
  return apply(sumOperation, { axes: reductionAxes('sum', x.shape.length, axes), keepDims }, [x]);
}

/** `x` repeated along new dimensions in front and along those of size 1, to `shape`. Copies. */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? asTensor(x) : apply(broadcastToOperation, { shape }, [x]);
}

/** The adjoint of broadcasting: `x` summed over the dimensions along which `shape` was repeated. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, d) =>
    d < missing || (shape[d - missing] === 1 && size !== 1) ? [d] : [],
  );
  return reshape(sum(x, axes, true), shape);
}
