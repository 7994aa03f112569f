/** ONNX's operators that move elements: by shape, by place, by index. */
import * as at from '#src/index';
import type { PadMode } from '#src/ops/shape/slice';
import { broadcastShapes } from '#src/tensor/shape';
import type { Tensor } from '#src/tensor/tensor';
import type { OnnxCall } from './onnx-calls.js';
import { NotOffered } from './onnx-case.js';
import { cut, type Given } from './onnx-given.js';
import { axisLast } from './onnx-layouts.js';

/** The shape with ones at these axes of the result. */
function withOnes(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  const ones = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const left = [...shape];
  return Array.from({ length: rank }, (_, d) => (ones.has(d) ? 1 : (left.shift() as number)));
}

function oneHot(given: Given): Tensor {
  const classes = given.array(1).values[0];
  // Labels are floats in some cases.
  const labels = given.array(0).values.map((label) => (label < 0 ? label + classes : label));
  if (labels.some((label) => label < 0 || label >= classes)) throw new NotOffered('labels that are no class');
  const shape = given.shape(0);
  const [off, on] = given.array(2).values;
  const hot = at.oneHot(at.tensor(Int32Array.from(labels), [labels.length]), classes);
  const { back } = axisLast(shape.length + 1, given.integer('axis', -1));
  return at.transpose(at.reshape(at.add(at.multiply(hot, on - off), off), [...shape, classes]), back);
}

function pad(given: Given): Tensor {
  if (given.has(3)) throw new NotOffered('padding of some axes');
  const mode = given.text('mode', 'constant') as PadMode;
  const paddings = given.whole(1);
  const [before, after] = [paddings.slice(0, paddings.length / 2), paddings.slice(paddings.length / 2)];
  const value = given.has(2) ? { value: given.array(2).values[0] } : {};
  return at.pad(given.real(0), before, after, { mode, ...value });
}

function reshape(given: Given): Tensor {
  const from = given.shape(0);
  const keeps = given.integer('allowzero', 0) === 0;
  const shape = given.whole(1).map((size, d) => (size === 0 && keeps ? from[d] : size));
  return at.reshape(given.real(0), shape);
}

function scatterNd(given: Given): Tensor {
  if (given.text('reduction', 'none') !== 'add') throw new NotOffered('scattering that does not add');
  const x = given.real(0);
  const rows = at.reshape(given.indices(1), [-1]);
  return at.add(x, at.scatterAdd(given.real(2), rows, x.shape[0]));
}

interface Steps {
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

/** Which elements of an axis a slice takes, as Python counts: backwards where the step is below zero. */
function stepsOf(size: number, start: number, end: number, step: number): Steps {
  const inside = (place: number, least: number, most: number) =>
    Math.min(most, Math.max(least, place < 0 ? place + size : place));
  const first = step > 0 ? inside(start, 0, size) : inside(start, 0, size - 1);
  const behind = step > 0 ? inside(end, 0, size) : inside(end, -1, size - 1);
  return { start: first, size: Math.max(0, Math.ceil((behind - first) / step)), step };
}

function slice(given: Given): Tensor {
  const shape = given.shape(0);
  const [starts, ends] = [given.whole(1), given.whole(2)];
  const axes = given.has(3) ? given.whole(3) : starts.map((_, d) => d);
  const steps = given.has(4) ? given.whole(4) : starts.map(() => 1);
  const taken: Steps[] = shape.map((size) => ({ start: 0, size, step: 1 }));
  axes.forEach((axis, i) => {
    const d = axis < 0 ? axis + shape.length : axis;
    taken[d] = stepsOf(shape[d], starts[i], ends[i], steps[i]);
  });
  return at.slice(
    given.real(0),
    taken.map(({ start }) => start),
    taken.map(({ size }) => size),
    taken.map(({ step }) => step),
  );
}

function split(given: Given): Tensor[] {
  const shape = given.shape(0);
  const axis = given.integer('axis', 0);
  const sizes = given.has(1)
    ? given.whole(1)
    : new Array<number>(given.outputs).fill(shape[axis] / given.outputs);
  let start = 0;
  return sizes.map((size) => {
    const from = shape.map((_, d) => (d === axis ? start : 0));
    start += size;
    return at.slice(
      given.real(0),
      from,
      shape.map((whole, d) => (d === axis ? size : whole)),
    );
  });
}

function squeeze(given: Given): Tensor {
  const shape = given.shape(0);
  const away = given.has(1) ? given.whole(1).map((axis) => (axis < 0 ? axis + shape.length : axis)) : null;
  const left = shape.filter((size, d) => (away === null ? size !== 1 : !away.includes(d)));
  return at.reshape(given.real(0), left);
}

export const shapeCalls: Readonly<Record<string, OnnxCall>> = {
  Concat: (given) => at.concat(given.reals(), given.integer('axis', 0)),
  Expand: (given) => at.broadcastTo(given.real(0), broadcastShapes('Expand', given.shape(0), given.whole(1))),
  Flatten: (given) => at.reshape(given.real(0), cut(given.shape(0), given.integer('axis', 1))),
  Gather: (given) => at.gather(given.real(0), given.indices(1), given.integer('axis', 0)),
  GatherElements(given) {
    const axis = given.integer('axis', 0);
    if (given.whole(1).some((index) => index < 0)) throw new NotOffered('indices from the end');
    return at.takeAlongAxis(given.real(0), given.indices(1), axis);
  },
  OneHot: oneHot,
  Pad: pad,
  Reshape: reshape,
  ScatterND: scatterNd,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Tile: (given) =>
    given
      .whole(1)
      .reduce((x, times, axis) => at.concat(new Array<Tensor>(times).fill(x), axis), given.real(0)),
  Transpose(given) {
    const reversed = given.shape(0).map((_, d, { length }) => length - 1 - d);
    return at.transpose(given.real(0), given.integers('perm') ?? reversed);
  },
  Unsqueeze: (given) =>
    at.reshape(given.real(0), withOnes(given.shape(0), given.integers('axes') ?? given.whole(1))),
  Where: (given) => at.where(given.mask(0), given.real(1), given.real(2)),
};
