/**
 * slice takes a block out of a tensor, of neighbours or in steps; pad puts a block into zeros. Each is the gradient of the other,
 * so they share this file.
 */
import { type Shape, shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { zeros } from '../core/constant.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';

interface SliceAttributes {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  /** From one element to the next along each dimension; negative goes backwards. */
  readonly steps: readonly number[];
}

export const sliceOperation: Operation<SliceAttributes> = {
  name: 'slice',
  shape({ starts, sizes, steps }, [x]) {
    const inside = (size: number, d: number) => {
      const [start, count, step] = [starts[d], sizes[d], steps[d]];
      if (![start, count, step].every(Number.isInteger) || start < 0 || count < 0 || step === 0) return false;
      const last = start + (count - 1) * step;
      return count === 0 ? start <= size : start < size && last >= 0 && last < size;
    };
    const isWhole = [starts, sizes, steps].every(({ length }) => length === x.shape.length);
    if (!isWhole || !x.shape.every(inside)) {
      const apart = steps.every((step) => step === 1) ? '' : ` in steps of ${showShape(steps)}`;
      throw shapeError(
        'slice',
        `block ${showShape(sizes)} at ${showShape(starts)}${apart} is not inside ${showShape(x.shape)}`,
      );
    }
    return sizes;
  },
  forward({ starts, steps }, [x], shape) {
    const out = emptyTensor(shape, x.dtype);
    const from = blockAt(x.shape, starts, steps);
    copyRegion('slice', x, out, shape, from, { strides: stridesOf(shape), offset: 0 });
    return out;
  },
  gradient: ({ attributes: { starts, steps }, inputs: [x], gradient }) => [
    intoZeros('slice', gradient, x.shape, starts, steps),
  ],
};

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export const padOperation: Operation<PadAttributes> = {
  name: 'pad',
  shape({ before, after }, [x]) {
    expectDtype('pad', x, 'float32');
    const wrong = [...before, ...after].some((size) => !Number.isInteger(size) || size < 0);
    if (before.length !== x.shape.length || after.length !== x.shape.length || wrong) {
      throw shapeError(
        'pad',
        `paddings ${showShape(before)} and ${showShape(after)} do not fit ${showShape(x.shape)}`,
      );
    }
    return x.shape.map((size, d) => before[d] + size + after[d]);
  },
  forward: ({ before }, [x], shape) => intoZeros('pad', x, shape, before),
  gradient: ({ attributes: { before }, inputs: [x], gradient }) => [slice(gradient, before, x.shape)],
};

/** Strides and offset of the block of `whole` that starts at `starts`; without steps, of neighbours. */
export function blockAt(
  whole: Shape,
  starts: readonly number[],
  steps?: readonly number[],
): { strides: number[]; offset: number } {
  const strides = stridesOf(whole);
  return {
    strides: steps === undefined ? strides : strides.map((stride, d) => stride * steps[d]),
    offset: strides.reduce((sum, stride, d) => sum + stride * starts[d], 0),
  };
}

/** Zeros of `shape` with the elements of `x` from `starts` on. */
function intoZeros(
  operation: string,
  x: Tensor,
  shape: Shape,
  starts: readonly number[],
  steps?: readonly number[],
): Tensor {
  const out = zeros(shape);
  const from = { strides: stridesOf(x.shape), offset: 0 };
  copyRegion(operation, x, out, x.shape, from, blockAt(shape, starts, steps));
  return out;
}

/**
 * The block of `x` of shape `sizes` whose first element is at `starts`. `steps` lead from one element to the next along each
 * dimension: 2 takes every other, -1 goes backwards from the start. Copies. float32, int32 or uint32. Throws AttuneError
 * 'shape' for a block that is not inside.
 */
export function slice(
  x: TensorLike,
  starts: readonly number[],
  sizes: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Tensor {
  return apply(sliceOperation, { starts, sizes, steps }, [x]);
}

/** `x` with `before[d]` zeros in front and `after[d]` behind along each dimension d. float32. */
export function pad(x: TensorLike, before: readonly number[], after: readonly number[]): Tensor {
  return apply(padOperation, { before, after }, [x]);
}
