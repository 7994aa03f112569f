/**
 * slice takes a block out of a tensor; pad puts a block into zeros. Each is the gradient of the other, so they
 * share this file.
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
}

export const sliceOperation: Operation<SliceAttributes> = {
  name: 'slice',
  shape({ starts, sizes }, [x]) {
    const inside = (size: number, d: number) =>
      Number.isInteger(starts[d]) &&
      Number.isInteger(sizes[d]) &&
      starts[d] >= 0 &&
      sizes[d] >= 0 &&
      starts[d] + sizes[d] <= size;
    if (starts.length !== x.shape.length || sizes.length !== x.shape.length || !x.shape.every(inside)) {
      throw shapeError(
        'slice',
        `block ${showShape(sizes)} at ${showShape(starts)} is not inside ${showShape(x.shape)}`,
      );
    }
    return sizes;
  },
  forward({ starts }, [x], shape) {
    const out = emptyTensor(shape, x.dtype);
    const from = blockAt(x.shape, starts);
    copyRegion('slice', x, out, shape, from, { strides: stridesOf(shape), offset: 0 });
    return out;
  },
  gradient: ({ attributes: { starts }, inputs: [x], gradient }) => [
    pad(
      gradient,
      starts,
      x.shape.map((size, d) => size - starts[d] - gradient.shape[d]),
    ),
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
  forward({ before }, [x], shape) {
    const out = zeros(shape);
    copyRegion('pad', x, out, x.shape, { strides: stridesOf(x.shape), offset: 0 }, blockAt(shape, before));
    return out;
  },
  gradient: ({ attributes: { before }, inputs: [x], gradient }) => [slice(gradient, before, x.shape)],
};

/** Strides and offset of the block of `whole` that starts at `starts`. */
export function blockAt(whole: Shape, starts: readonly number[]): { strides: number[]; offset: number } {
  const strides = stridesOf(whole);
  return { strides, offset: strides.reduce((sum, stride, d) => sum + stride * starts[d], 0) };
}

/** The block of `x` of shape `sizes` whose first element is at `starts`. Copies. */
export function slice(x: TensorLike, starts: readonly number[], sizes: readonly number[]): Tensor {
  return apply(sliceOperation, { starts, sizes }, [x]);
}

/** `x` with `before[d]` zeros in front and `after[d]` behind along each dimension d. float32. */
export function pad(x: TensorLike, before: readonly number[], after: readonly number[]): Tensor {
  return apply(padOperation, { before, after }, [x]);
}
