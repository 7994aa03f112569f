/**
 * slice takes a block out of a tensor, of neighbours or in steps; pad puts a block into zeros, or another number. Each is the
 * gradient of the other, so they share this file. What continues a tensor by its own elements is gathered, axis by axis.
 */
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownKind, refuseUnknownOptions } from '../../option-names.js';
import { type Shape, shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { full, zeros } from '../core/constant.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';
import { gather } from './gather.js';

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
        'starts, sizes and steps have an entry for each axis, and the last element is inside, too',
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
    into(zeros(x.shape), 'slice', gradient, starts, steps),
  ],
};

/** What stands around a tensor. */
export interface PadOptions {
  /**
   * A number, the nearest element at the edge, or the tensor mirrored there, without the edge itself, as torch's constant,
   * replicate and reflect. Default constant.
   */
  readonly mode?: PadMode;
  /** The number of mode constant, which may be infinite. Default 0. */
  readonly value?: number;
}

/** What continues a tensor: see PadOptions. */
export type PadMode = 'constant' | 'edge' | 'reflect';

type Continuation = Exclude<PadMode, 'constant'>;

const NAMES: OptionNames<PadOptions> = { mode: true, value: true };

/** Which of `size` elements stands at position i, which counts from the first of them and may be outside. */
const SOURCES: Readonly<Record<Continuation, (i: number, size: number) => number>> = {
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  reflect: (i, size) => size - 1 - Math.abs(size - 1 - Math.abs(i)),
};

interface PadAttributes {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

function checkPaddings(x: Tensor, before: readonly number[], after: readonly number[]): void {
  const { shape } = x;
  expectDtype('pad', x, 'float32');
  const wrong = [...before, ...after].some((size) => !Number.isInteger(size) || size < 0);
  if (before.length === shape.length && after.length === shape.length && !wrong) return;
  throw shapeError(
    'pad',
    `paddings ${showShape(before)} and ${showShape(after)} do not fit ${showShape(shape)}`,
    'give a whole number of at least 0 for each axis',
  );
}

export const padOperation: Operation<PadAttributes> = {
  name: 'pad',
  shape({ before, after }, [x]) {
    checkPaddings(x, before, after);
    return x.shape.map((size, d) => before[d] + size + after[d]);
  },
  forward: ({ before, value }, [x], shape) => into(full(shape, value), 'pad', x, before),
  gradient: ({ attributes: { before }, inputs: [x], gradient }) => [slice(gradient, before, x.shape)],
};

/** `x` continued by its own elements along each axis that has paddings. */
function continued(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  mode: Continuation,
): Tensor {
  checkPaddings(x, before, after);
  return x.shape.reduce((y, size, axis) => {
    const most = Math.max(before[axis], after[axis]);
    if (most === 0) return y;
    if (size === 0 || (mode === 'reflect' && most >= size)) {
      throw shapeError(
        'pad',
        `axis ${axis} of ${showShape(x.shape)} has no ${most} elements to ${mode === 'edge' ? 'repeat' : 'mirror'}`,
        mode === 'edge'
          ? 'what has no elements can only be padded with a number: mode: constant'
          : 'pad by less than the axis has, or with mode: edge',
      );
    }
    const length = before[axis] + size + after[axis];
    const sources = Int32Array.from({ length }, (_, i) => SOURCES[mode](i - before[axis], size));
    return gather(y, tensor(sources, [length]), axis);
  }, x);
}

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

/** The tensor with the elements of `x` from `starts` on. */
function into(
  out: Tensor,
  operation: string,
  x: Tensor,
  starts: readonly number[],
  steps?: readonly number[],
): Tensor {
  const from = { strides: stridesOf(x.shape), offset: 0 };
  copyRegion(operation, x, out, x.shape, from, blockAt(out.shape, starts, steps));
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

/**
 * `x` with `before[d]` elements in front and `after[d]` behind along each dimension d: zeros, or what the options say.
 * float32. Throws AttuneError 'shape' for paddings that do not fit, and where an axis has too few elements to mirror;
 * 'usage' for an unknown option or mode, and for a value with a mode that has none.
 */
export function pad(
  x: TensorLike,
  before: readonly number[],
  after: readonly number[],
  options: PadOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'pad');
  const { mode = 'constant', value = 0 } = options;
  refuseUnknownKind(mode, { constant: true, ...SOURCES }, 'mode', 'pad');
  if (mode !== 'constant' && options.value !== undefined) {
    throw new AttuneError({
      code: 'usage',
      what: `mode ${mode} takes no value`,
      where: 'pad',
      hint: 'leave the value out, or pad with mode: constant',
    });
  }
  if (mode === 'constant') return apply(padOperation, { before, after, value }, [x]);
  return continued(asTensor(x), before, after, mode);
}
