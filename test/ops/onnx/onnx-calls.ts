/**
 * How each of ONNX's operators is called here. ONNX has channels before places, so that what works on the last axis is
 * given and gives transposed tensors. A call that gives fewer tensors than the case has outputs leaves the others out; each
 * says why.
 */
import * as at from '#src/index';
import { batchMoments, batchNormTraining } from '#src/ops/norm/batch-norm-training';
import { unaryOperations } from '#src/ops/pointwise/unary-tables';
import { broadcastShapes } from '#src/tensor/shape';
import type { Tensor } from '#src/tensor/tensor';
import { NotOffered } from './onnx-case.js';
import { cut, type Given } from './onnx-given.js';
import { lossCalls } from './onnx-losses.js';
import { axisLast, channelsFirst, channelsLast, windowOf } from './onnx-layouts.js';

export type OnnxCall = (given: Given) => Tensor | readonly Tensor[];

/** ONNX's names of operations on one tensor, where they are not those of here with a capital letter. */
const OTHER_NAMES: Readonly<Record<string, string>> = { negate: 'Neg' };

const unary = Object.values(unaryOperations).map((operation): [string, OnnxCall] => {
  const { name } = operation.definition;
  const call = (given: Given) => {
    if (given.text('approximate', 'none') !== 'none') throw new NotOffered('approximations by the same name');
    return operation(given.real(0));
  };
  return [OTHER_NAMES[name] ?? name[0].toUpperCase() + name.slice(1), call];
});

const ofTwo =
  (call: (a: Tensor, b: Tensor) => Tensor): OnnxCall =>
  (given) =>
    call(given.real(0), given.real(1));

/** Of any number of tensors, two after two. */
const ofMany =
  (call: (a: Tensor, b: Tensor) => Tensor): OnnxCall =>
  (given) =>
    given.reals().reduce((a, b) => call(a, b));

type Reduce = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor;

const reduction =
  (reduce: Reduce): OnnxCall =>
  (given) => {
    const x = given.real(0);
    const named = given.integers('axes') ?? (given.has(1) ? given.whole(1) : []);
    if (named.length === 0 && given.integer('noop_with_empty_axes', 0) === 1) return at.reshape(x, x.shape);
    const axes = named.length > 0 ? named : x.shape.map((_, d) => d);
    return reduce(x, axes, given.integer('keepdims', 1) === 1);
  };

const alongAxis =
  (call: (x: Tensor) => Tensor): OnnxCall =>
  (given) => {
    const { to, back } = axisLast(given.shape(0).length, given.integer('axis', -1));
    return at.transpose(call(at.transpose(given.real(0), to)), back);
  };

/** The shape with ones at these axes of the result. */
function withOnes(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  const ones = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const left = [...shape];
  return Array.from({ length: rank }, (_, d) => (ones.has(d) ? 1 : (left.shift() as number)));
}

/** Where a slice of steps of one begins and ends, as Python counts. */
function bounds(size: number, start: number, end: number): readonly [start: number, size: number] {
  const inside = (place: number) => Math.min(size, Math.max(0, place < 0 ? place + size : place));
  return [inside(start), Math.max(0, inside(end) - inside(start))];
}

function argmax(given: Given): Tensor {
  if (given.integer('select_last_index', 0) === 1) throw new NotOffered('the last of equal ones');
  const shape = given.shape(0);
  const axis = given.integer('axis', 0);
  const index = at.argmax(at.transpose(given.real(0), axisLast(shape.length, axis).to));
  return given.integer('keepdims', 1) === 1 ? at.reshape(index, withOnes(index.shape, [axis])) : index;
}

function batchNormalization(given: Given): Tensor {
  const [x, gamma, beta, mean, variance] = given.reals();
  const epsilon = given.float('epsilon', 1e-5);
  const images = channelsLast(x);
  // The running statistics of ONNX are of the biased variance, those of here and of PyTorch of the unbiased one.
  const y =
    given.integer('training_mode', 0) === 1
      ? batchNormTraining(images, { gamma, beta }, batchMoments(images), epsilon)
      : at.batchNorm(images, { gamma, beta, mean, variance }, epsilon);
  return channelsFirst(y);
}

function conv(given: Given): Tensor {
  const weights = at.transpose(given.real(1), [2, 3, 1, 0]);
  const window = windowOf(given, given.shape(1).slice(2));
  const y = at.conv2d(channelsLast(given.real(0)), weights, {
    ...window,
    groups: given.integer('group', 1),
  });
  return channelsFirst(given.has(2) ? at.add(y, given.real(2)) : y);
}

function maxPool(given: Given): Tensor {
  if (given.array(0).dtype !== 'F32') throw new NotOffered(given.array(0).dtype);
  if (given.shape(0).length !== 4) throw new NotOffered(`pools of rank ${given.shape(0).length}`);
  if (given.integer('ceil_mode', 0) === 1) throw new NotOffered('windows that reach beyond the image');
  const kernel = given.integers('kernel_shape') as [number, number];
  const { dilation, ...window } = windowOf(given, kernel);
  if (dilation.some((step) => step !== 1)) throw new NotOffered('a pool with dilation');
  // The places of the largest, a second output, are not given.
  return channelsFirst(at.maxPool2d(channelsLast(given.real(0)), { kernel, ...window }));
}

function clip(given: Given): Tensor {
  const x = given.real(0);
  const above = given.has(1) ? at.maximum(x, given.real(1)) : at.reshape(x, x.shape);
  return given.has(2) ? at.minimum(above, given.real(2)) : above;
}

function dropout(given: Given): Tensor {
  const trains = given.has(2) && given.array(2).values[0] === 1;
  const ratio = given.has(1) ? given.array(1).values[0] : 0.5;
  if (trains && ratio > 0) throw new NotOffered("the draws of ONNX's own generator");
  // Nothing is dropped without training: probability 0. The mask, a second output, is not given.
  return at.dropout(given.real(0), 0, { seed: 1, step: 1 });
}

function gemm(given: Given): Tensor {
  const options = {
    transposeA: given.integer('transA', 0) === 1,
    transposeB: given.integer('transB', 0) === 1,
  };
  const product = at.multiply(at.matmul(given.real(0), given.real(1), options), given.float('alpha', 1));
  return given.has(2) ? at.add(product, at.multiply(given.real(2), given.float('beta', 1))) : product;
}

/** With ONNX's slope and shift, which are others than PyTorch's. */
function hardSigmoid(given: Given): Tensor {
  const line = at.add(at.multiply(given.real(0), given.float('alpha', 0.2)), given.float('beta', 0.5));
  return at.hardSigmoid(at.multiply(at.subtract(line, 0.5), 6));
}

function layerNormalization(given: Given): Tensor {
  // Mean and deviation, the other outputs, are not given.
  const options = { epsilon: given.float('epsilon', 1e-5) };
  return at.layerNorm(given.real(0), given.real(1), given.has(2) ? given.real(2) : null, options);
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
  if (given.text('mode', 'constant') !== 'constant') throw new NotOffered('padding with what is there');
  if (given.has(3)) throw new NotOffered('padding of some axes');
  const paddings = given.whole(1);
  const [before, after] = [paddings.slice(0, paddings.length / 2), paddings.slice(paddings.length / 2)];
  const x = given.real(0);
  const padded = at.pad(x, before, after);
  const outside = at.subtract(1, at.pad(at.ones(x.shape), before, after));
  return given.has(2) ? at.add(padded, at.multiply(outside, given.real(2))) : padded;
}

function reshape(given: Given): Tensor {
  const from = given.shape(0);
  const keeps = given.integer('allowzero', 0) === 0;
  const shape = given.whole(1).map((size, d) => (size === 0 && keeps ? from[d] : size));
  return at.reshape(given.real(0), shape);
}

function slice(given: Given): Tensor {
  const shape = given.shape(0);
  if (given.has(4) && given.whole(4).some((step) => step !== 1))
    throw new NotOffered('steps of more than one');
  const [starts, ends] = [given.whole(1), given.whole(2)];
  const axes = given.has(3) ? given.whole(3) : starts.map((_, d) => d);
  const blocks = shape.map((size) => bounds(size, 0, size));
  axes.forEach((axis, i) => {
    const d = axis < 0 ? axis + shape.length : axis;
    blocks[d] = bounds(shape[d], starts[i], ends[i]);
  });
  return at.slice(
    given.real(0),
    blocks.map(([start]) => start),
    blocks.map(([, size]) => size),
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

function scatterNd(given: Given): Tensor {
  if (given.text('reduction', 'none') !== 'add') throw new NotOffered('scattering that does not add');
  const x = given.real(0);
  const rows = at.reshape(given.indices(1), [-1]);
  return at.add(x, at.scatterAdd(given.real(2), rows, x.shape[0]));
}

const others: Readonly<Record<string, OnnxCall>> = {
  Add: ofTwo(at.add),
  ArgMax: argmax,
  BatchNormalization: batchNormalization,
  Clip: clip,
  Concat: (given) => at.concat(given.reals(), given.integer('axis', 0)),
  ConstantOfShape(given) {
    if (given.value?.dtype !== 'F32') throw new NotOffered(`constants of ${given.value?.dtype}`);
    return at.full(given.whole(0), given.value.values[0]);
  },
  Conv: conv,
  Div: ofTwo(at.divide),
  Dropout: dropout,
  Expand: (given) => at.broadcastTo(given.real(0), broadcastShapes('Expand', given.shape(0), given.whole(1))),
  Flatten: (given) => at.reshape(given.real(0), cut(given.shape(0), given.integer('axis', 1))),
  Gather: (given) => at.gather(given.real(0), given.indices(1), given.integer('axis', 0)),
  Gemm: gemm,
  GlobalAveragePool(given) {
    const y = at.globalAveragePool(channelsLast(given.real(0)));
    return at.reshape(y, [...y.shape, 1, 1]);
  },
  GlobalMaxPool: (given) => at.max(given.real(0), [2, 3], true),
  GreaterOrEqual: ofTwo(at.greaterEqual),
  HardSigmoid: hardSigmoid,
  LayerNormalization: layerNormalization,
  LessOrEqual: ofTwo(at.lessEqual),
  LogSoftmax: alongAxis(at.logSoftmax),
  MatMul: ofTwo(at.matmul),
  Max: ofMany(at.maximum),
  MaxPool: maxPool,
  Mean: (given) => at.divide(ofMany(at.add)(given) as Tensor, given.count),
  Min: ofMany(at.minimum),
  Mul: ofTwo(at.multiply),
  OneHot: oneHot,
  Pad: pad,
  ReduceL1: reduction((x, axes, keep) => at.sum(at.abs(x), axes, keep)),
  ReduceL2: reduction((x, axes, keep) => at.sqrt(at.sum(at.square(x), axes, keep))),
  ReduceLogSum: reduction((x, axes, keep) => at.log(at.sum(x, axes, keep))),
  ReduceLogSumExp: reduction((x, axes, keep) => at.log(at.sum(at.exp(x), axes, keep))),
  ReduceMax: reduction(at.max),
  ReduceMean: reduction(at.mean),
  ReduceMin: reduction((x, axes, keep) => at.negate(at.max(at.negate(x), axes, keep))),
  ReduceSum: reduction(at.sum),
  ReduceSumSquare: reduction((x, axes, keep) => at.sum(at.square(x), axes, keep)),
  Reshape: reshape,
  ScatterND: scatterNd,
  Slice: slice,
  Softmax: alongAxis(at.softmax),
  Split: split,
  Squeeze: squeeze,
  Sub: ofTwo(at.subtract),
  Sum: ofMany(at.add),
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
};

export const onnxCalls: ReadonlyMap<string, OnnxCall> = new Map([
  ...unary,
  ...Object.entries(others),
  ...Object.entries(lossCalls),
]);
