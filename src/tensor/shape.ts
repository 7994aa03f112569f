/** Shapes: lists of sizes, row-major, rank at most 6. */
import { AttuneError } from '../errors.js';

/** Sizes of the axes, the last one contiguous; empty for a single number. */
export type Shape = readonly number[];

/** Kernels index with at most this many dimensions. */
export const MAX_RANK = 6;

/** Number of elements of a shape; 1 for rank 0. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Elements between neighbours along each dimension of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, d) => size === b[d]);
}

/** `[2, 3]`, as errors print shapes. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** An AttuneError of code 'shape' whose `where` is the operation; the hint says what would fit. */
export function shapeError(operation: string, what: string, hint: string): AttuneError {
  return new AttuneError({ code: 'shape', what, where: operation, hint });
}

/** Throws unless every size is a whole number of at least 0 and the rank is at most 6. */
export function assertShape(operation: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw shapeError(operation, `${shape} is not a shape`, 'write a list of sizes: [2, 3]');
  if (shape.length > MAX_RANK) {
    throw shapeError(
      operation,
      `shape ${showShape(shape)} has ${shape.length} dimensions; at most ${MAX_RANK} are supported`,
      'reshape neighbouring axes into one',
    );
  }
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw shapeError(
      operation,
      `${showShape(shape)} is not a shape: sizes are whole numbers of at least 0`,
      'check how the sizes were computed',
    );
  }
}

/** The shape that both broadcast to (NumPy's rule): aligned at the end, sizes equal or 1. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let d = 0; d < rank; d++) {
    const sizeA = a[d - rank + a.length] ?? 1;
    const sizeB = b[d - rank + b.length] ?? 1;
    if (sizeA !== sizeB && sizeA !== 1 && sizeB !== 1) {
      throw shapeError(
        operation,
        `shapes ${showShape(a)} and ${showShape(b)} do not broadcast together`,
        `sizes are compared from the last dimension on and must be equal or 1, not ${sizeA} and ${sizeB}: reshape or transpose one`,
      );
    }
    result[d] = sizeA === 1 ? sizeB : sizeA;
  }
  return result;
}

/** Strides of a contiguous tensor of `shape` read as `target`: 0 along dimensions that are repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((size, d) =>
    d < missing || (shape[d - missing] === 1 && size !== 1) ? 0 : strides[d - missing],
  );
}

/** The axis counted from the front. Throws when there is no such axis. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normal) || normal < 0 || normal >= rank) {
    throw shapeError(
      operation,
      `axis ${axis} does not exist in a tensor of ${rank} dimensions`,
      rank === 0
        ? 'a single number has no axes: reshape it'
        : `give a whole number from ${-rank} to ${rank - 1}`,
    );
  }
  return normal;
}
