/**
 * How each of ONNX's operators is called here. ONNX has channels before places, so that what works on the last axis is
 * given and gives transposed tensors. A call that gives fewer tensors than the case has outputs leaves the others out; each
 * says why.
 */
import * as at from '#src/index';
import { batchMoments, batchNormTraining } from '#src/ops/norm/batch-norm-training';
import { unaryOperations } from '#src/ops/pointwise/unary-tables';
import type { Tensor } from '#src/tensor/tensor';
import { NotOffered } from './onnx-case.js';
import type { Given } from './onnx-given.js';
import { imageCalls } from './onnx-images.js';
import { channelsFirst, channelsLast } from './onnx-layouts.js';
import { lossCalls } from './onnx-losses.js';
import { shapeCalls } from './onnx-shapes.js';

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

/** The tensor backwards along an axis. */
function turned(x: Tensor, axis: number): Tensor {
  const backwards = (d: number) => d === (axis < 0 ? axis + x.shape.length : axis);
  return at.slice(
    x,
    x.shape.map((size, d) => (backwards(d) ? size - 1 : 0)),
    x.shape,
    x.shape.map((_, d) => (backwards(d) ? -1 : 1)),
  );
}

const extreme =
  (call: (x: Tensor, axis: number, keepDims: boolean) => Tensor): OnnxCall =>
  (given) => {
    const x = given.real(0);
    const axis = given.integer('axis', 0);
    const keepDims = given.integer('keepdims', 1) === 1;
    if (given.integer('select_last_index', 0) === 0) return call(x, axis, keepDims);
    // The first one from the end.
    const last = (x.shape.at(axis) as number) - 1;
    return at.subtract(last, at.cast(call(turned(x, axis), axis, keepDims)));
  };

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

function clip(given: Given): Tensor {
  const bound = (i: number) => (given.has(i) ? given.array(i).values[0] : undefined);
  const x = given.real(0);
  const [min, max] = [bound(1), bound(2)];
  return min === undefined && max === undefined ? at.reshape(x, x.shape) : at.clamp(x, { min, max });
}

function cumSum(given: Given): Tensor {
  const [axis] = given.whole(1);
  const reverse = given.integer('reverse', 0) === 1;
  const x = reverse ? turned(given.real(0), axis) : given.real(0);
  const sums = at.cumulativeSum(x, axis);
  const y = given.integer('exclusive', 0) === 1 ? at.subtract(sums, x) : sums;
  return reverse ? turned(y, axis) : y;
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

/** Over batch and places, or the axes that are named: they are made the row of a layer norm. */
function meanVarianceNormalization(given: Given): Tensor {
  const axes = given.integers('axes') ?? [0, 2, 3];
  const x = given.real(0);
  const order = [...x.shape.keys()].sort((a, b) => Number(axes.includes(a)) - Number(axes.includes(b)));
  const apart = at.transpose(x, order);
  const rows = apart.shape.slice(0, x.shape.length - axes.length);
  const y = at.layerNorm(at.reshape(apart, [...rows, -1]), null, null, { epsilon: 1e-9 });
  const back = order.map((_, d) => order.indexOf(d));
  return at.transpose(at.reshape(y, apart.shape), back);
}

function topK(given: Given): Tensor[] {
  const [k] = given.whole(1);
  const axis = given.integer('axis', -1);
  if (given.integer('largest', 1) === 1) {
    const { values, indices } = at.topK(given.real(0), k, axis);
    return [values, indices];
  }
  const { values, indices } = at.topK(at.negate(given.real(0)), k, axis);
  return [at.negate(values), indices];
}

const others: Readonly<Record<string, OnnxCall>> = {
  Add: ofTwo(at.add),
  ArgMax: extreme(at.argmax),
  ArgMin: extreme(at.argmin),
  BatchNormalization: batchNormalization,
  Clip: clip,
  ConstantOfShape(given) {
    if (given.value?.dtype !== 'F32') throw new NotOffered(`constants of ${given.value?.dtype}`);
    return at.full(given.whole(0), given.value.values[0]);
  },
  CumSum: cumSum,
  Div: ofTwo(at.divide),
  Dropout: dropout,
  Gemm: gemm,
  GreaterOrEqual: ofTwo(at.greaterEqual),
  HardSigmoid: hardSigmoid,
  InstanceNormalization(given) {
    const options = { groups: given.shape(0)[1], epsilon: given.float('epsilon', 1e-5) };
    return channelsFirst(at.groupNorm(channelsLast(given.real(0)), given.real(1), given.real(2), options));
  },
  LayerNormalization: layerNormalization,
  LessOrEqual: ofTwo(at.lessEqual),
  LogSoftmax: (given) => at.logSoftmax(given.real(0), { axis: given.integer('axis', -1) }),
  MatMul: ofTwo(at.matmul),
  Max: ofMany(at.maximum),
  Mean: (given) => at.divide(ofMany(at.add)(given) as Tensor, given.count),
  MeanVarianceNormalization: meanVarianceNormalization,
  Min: ofMany(at.minimum),
  Mul: ofTwo(at.multiply),
  Pow: (given) => at.power(given.real(0), given.number(1)),
  ReduceL1: reduction((x, axes, keep) => at.sum(at.abs(x), axes, keep)),
  ReduceL2: reduction((x, axes, keep) => at.sqrt(at.sum(at.square(x), axes, keep))),
  ReduceLogSum: reduction((x, axes, keep) => at.log(at.sum(x, axes, keep))),
  ReduceLogSumExp: reduction((x, axes, keep) => at.log(at.sum(at.exp(x), axes, keep))),
  ReduceMax: reduction(at.max),
  ReduceMean: reduction(at.mean),
  ReduceMin: reduction((x, axes, keep) => at.negate(at.max(at.negate(x), axes, keep))),
  ReduceSum: reduction(at.sum),
  ReduceSumSquare: reduction((x, axes, keep) => at.sum(at.square(x), axes, keep)),
  Softmax: (given) => at.softmax(given.real(0), { axis: given.integer('axis', -1) }),
  Sub: ofTwo(at.subtract),
  Sum: ofMany(at.add),
  TopK: topK,
};

export const onnxCalls: ReadonlyMap<string, OnnxCall> = new Map([
  ...unary,
  ...Object.entries(others),
  ...Object.entries(imageCalls),
  ...Object.entries(lossCalls),
  ...Object.entries(shapeCalls),
]);
