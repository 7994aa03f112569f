/** A random problem for the gradient of each operation: shapes of its inputs, and how it is called. */
import { attention } from '#src/ops/attention/attention';
import { add } from '#src/ops/pointwise/add';
import { batchNorm } from '#src/ops/norm/batch-norm';
import { batchMoments, batchNormTraining } from '#src/ops/norm/batch-norm-training';
import { binaryCrossEntropy } from '#src/ops/loss/binary-cross-entropy';
import { broadcastTo } from '#src/ops/shape/broadcast';
import { clamp } from '#src/ops/pointwise/clamp';
import { concat } from '#src/ops/shape/concat';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { convTranspose2d } from '#src/ops/conv2d/conv-transpose2d';
import { crossEntropyLosses } from '#src/ops/loss/cross-entropy';
import { cumulativeSum } from '#src/ops/reduce/cumulative-sum';
import { divide } from '#src/ops/pointwise/divide';
import { dropout } from '#src/ops/pointwise/dropout';
import { embedding } from '#src/ops/shape/embedding';
import { eraseBoxes } from '#src/ops/image/erase-boxes';
import { gather, scatterAdd } from '#src/ops/shape/gather';
import { gelu } from '#src/ops/pointwise/gelu';
import { layerNorm } from '#src/ops/norm/layer-norm';
import { matmul } from '#src/ops/product/matmul';
import { max } from '#src/ops/reduce/max';
import { maximum } from '#src/ops/pointwise/maximum';
import { mean } from '#src/ops/reduce/mean';
import { minimum } from '#src/ops/pointwise/minimum';
import { mixImages } from '#src/ops/image/mix-images';
import { multiply } from '#src/ops/pointwise/multiply';
import type { OperationName } from '#src/ops/operations';
import { averagePool2d, globalAveragePool, maxPool2d } from '#src/ops/pool/pool';
import { power } from '#src/ops/pointwise/power';
import { reshape } from '#src/ops/shape/reshape';
import { resize } from '#src/ops/image/resize';
import { rmsNorm } from '#src/ops/norm/rms-norm';
import { scaleRows } from '#src/ops/pointwise/scale-rows';
import { pad, slice } from '#src/ops/shape/slice';
import { logSoftmax, softmax } from '#src/ops/norm/softmax';
import { subtract } from '#src/ops/pointwise/subtract';
import { sum } from '#src/ops/reduce/sum';
import { takeAlongAxis } from '#src/ops/shape/take-along-axis';
import { transpose } from '#src/ops/shape/transpose';
import { unaryOperations } from '#src/ops/pointwise/unary-tables';
import { where } from '#src/ops/pointwise/where';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, tensor } from '#src/tensor/tensor';
import type { Random } from './support.js';
import { unaryCases } from './pointwise/unary-cases.js';

export interface Problem {
  readonly shapes: readonly (readonly number[])[];
  /** Bounds of the random inputs; default -1 to 1. */
  readonly range?: readonly [low: number, high: number];
  call(inputs: readonly Tensor[]): Tensor;
}

export type Make = (random: Random) => Problem;

/** Up to `rank` dimensions of 1 to 4. */
function someShape(random: Random, rank = 4): number[] {
  return Array.from({ length: random.whole(0, rank) }, () => random.whole(1, 4));
}

/** Two shapes that broadcast together. */
function twoShapes(random: Random): [number[], number[]] {
  const full = someShape(random);
  const part = () => full.slice(random.whole(0, full.length)).map((size) => (random.unit() < 0.3 ? 1 : size));
  return random.unit() < 0.5 ? [full, part()] : [part(), part()];
}

const ofOne =
  (call: (x: Tensor) => Tensor, range?: readonly [number, number]): Make =>
  (random) => ({
    shapes: [someShape(random)],
    ...(range && { range }),
    call: ([x]) => call(x),
  });

const ofTwo =
  (call: (a: Tensor, b: Tensor) => Tensor, range?: readonly [number, number]): Make =>
  (random) => ({
    shapes: twoShapes(random),
    ...(range && { range }),
    call: ([a, b]) => call(a, b),
  });

/** Reductions over random axes, counted from the front or the back. */
const overAxes =
  (call: (x: Tensor, axes: number[] | undefined, keepDims: boolean) => Tensor): Make =>
  (random) => {
    const shape = someShape(random);
    const axes = shape.flatMap((_, d) => (random.unit() < 0.5 ? [random.pick([d, d - shape.length])] : []));
    const keepDims = random.unit() < 0.5;
    const chosen = random.unit() < 0.3 ? undefined : axes;
    return { shapes: [shape], call: ([x]) => call(x, chosen, keepDims) };
  };

const ofRows =
  (call: (x: Tensor) => Tensor): Make =>
  (random) => ({
    shapes: [[...someShape(random, 2), random.whole(1, 6)]],
    call: ([x]) => call(x),
  });

const products: Make = (random) => {
  const [m, n, k] = [1, 2, 3].map(() => random.whole(1, 4));
  const maybe = () => random.unit() < 0.5;
  const [transposeA, transposeB] = [maybe(), maybe()];
  const a = transposeA ? [k, m] : [m, k];
  const b = transposeB ? [n, k] : [k, n];
  if (maybe()) {
    const [batch, heads] = [random.whole(1, 3), random.whole(2, 3)];
    const [headsA, headsB, headsOut] = [maybe(), maybe(), maybe()];
    const shape = ([rows, columns]: number[], beside: boolean) => {
      const [outer, inner] = [maybe() ? batch : 1, maybe() ? heads : 1];
      return beside ? [outer, rows!, inner, columns!] : [outer, inner, rows!, columns!];
    };
    const options = { transposeA, transposeB, headsA, headsB, headsOut };
    return { shapes: [shape(a, headsA), shape(b, headsB)], call: ([x, y]) => matmul(x, y, options) };
  }
  // Each dimension of the batch is there in both factors, in one, or missing at the front.
  const batch = Array.from({ length: random.whole(0, 3) }, () => random.whole(1, 3));
  const before = () => batch.map((size) => (maybe() ? size : 1)).slice(random.whole(0, batch.length));
  const shapes = [
    [...before(), ...a],
    [...before(), ...b],
  ];
  return { shapes, call: ([x, y]) => matmul(x, y, { transposeA, transposeB }) };
};

/** Windows of a pool, and an image that each of them has a place in. */
function imageAndWindows(random: Random) {
  const kernel = [random.whole(1, 3), random.whole(1, 3)] as const;
  const stride = [random.whole(1, 3), random.whole(1, 3)] as const;
  const padding = [random.whole(0, kernel[0] - 1), random.whole(0, kernel[1] - 1)] as const;
  const image = [random.whole(1, 2), random.whole(3, 6), random.whole(3, 6), random.whole(1, 3)];
  return { image, windows: { kernel, stride, padding } };
}

const unaryProblems = Object.fromEntries(
  Object.values(unaryOperations).map((operation) => {
    const { name } = operation.definition;
    return [name, ofOne(operation, unaryCases[name].range)];
  }),
);

export const problems: Readonly<Partial<Record<OperationName, Make>>> = {
  ...unaryProblems,
  add: ofTwo(add),
  attention: (random) => {
    const [batch, heads, size] = [random.whole(1, 2), random.whole(1, 2), random.whole(1, 4)];
    const [queries, keys] = [random.whole(1, 4), random.whole(1, 4)];
    const scores = [batch, heads, queries, keys];
    const maskShape = scores.map((one) => (random.unit() < 0.4 ? 1 : one)).slice(random.whole(0, 4));
    const kind = random.pick(['none', 'counts', 'added']);
    const counts = random.wholes(sizeOf(maskShape), 0, 2);
    const causal = random.unit() < 0.3;
    const of = (rows: number) => [batch, rows, heads, size];
    return {
      shapes: [of(queries), of(keys), of(keys), ...(kind === 'added' ? [maskShape] : [])],
      call: ([q, k, v, added]) => {
        const mask = kind === 'counts' ? tensor(counts, maskShape) : added;
        return attention(q, k, v, { causal, ...(mask && { mask }) });
      },
    };
  },
  averagePool2d: (random) => {
    const { image, windows } = imageAndWindows(random);
    const countIncludePad = random.unit() < 0.5;
    return { shapes: [image], call: ([x]) => averagePool2d(x, { ...windows, countIncludePad }) };
  },
  batchNorm: (random) => {
    const channels = random.whole(1, 4);
    const mean = random.values(channels);
    const variance = random.values(channels, 0.1, 2);
    return {
      shapes: [[...someShape(random, 3), channels], [channels], [channels]],
      call: ([x, gamma, beta]) =>
        batchNorm(x, { gamma, beta, mean: tensor(mean, [channels]), variance: tensor(variance, [channels]) }),
    };
  },
  batchNormTraining: (random) => {
    const channels = random.whole(1, 3);
    return {
      shapes: [[random.whole(2, 5), ...someShape(random, 2), channels], [channels], [channels]],
      call: ([x, gamma, beta]) => batchNormTraining(x, { gamma, beta }, batchMoments(x), 1e-2),
    };
  },
  binaryCrossEntropy: (random) => {
    const shape = someShape(random);
    const [targets, some] = [random.values(sizeOf(shape), 0, 1), random.values(shape.at(-1) ?? 1, 0, 3)];
    const weighted = random.unit() < 0.5;
    return {
      shapes: [shape, shape],
      range: [-4, 4],
      call([x, weights]) {
        const positive = weighted ? { positiveWeights: tensor(some, shape.slice(-1)) } : {};
        return binaryCrossEntropy(x, tensor(targets, shape), { weights, ...positive, reduction: 'none' });
      },
    };
  },
  broadcastTo: (random) => {
    const [shape, whole] = [someShape(random, 3), random.whole(1, 3)];
    const target = [whole, ...shape.map((size) => (size === 1 ? random.whole(1, 3) : size))];
    return { shapes: [shape], call: ([x]) => broadcastTo(x, target) };
  },
  clamp: (random) => {
    const bounds = random.pick([{ min: -0.5 }, { max: 0.25 }, { min: -0.25, max: 0.5 }]);
    return ofOne((x) => clamp(x, bounds))(random);
  },
  concat: (random) => {
    const [rows, columns] = [random.whole(1, 4), random.whole(1, 4)];
    const axis = random.pick([0, 1, -1]);
    const shapes = [1, 2, 3].map(() =>
      axis === 0 ? [random.whole(1, 3), columns] : [rows, random.whole(1, 3)],
    );
    return { shapes, call: (parts) => concat(parts, axis) };
  },
  conv2d: (random) => {
    const groups = random.pick([1, 1, 2, 3]);
    const [channels, filters] = [groups * random.whole(1, 2), groups * random.whole(1, 2)];
    const [kernelHeight, kernelWidth] = [random.whole(1, 3), random.whole(1, 3)];
    const padding = {
      top: random.whole(0, 2),
      bottom: random.whole(0, 2),
      left: random.whole(0, 2),
      right: random.whole(0, 2),
    };
    const dilation = random.pick([1, 1, 2]);
    const stride = [random.whole(1, 3), random.whole(1, 3)] as const;
    const image = [random.whole(1, 2), 4 + random.whole(1, 3), 4 + random.whole(1, 3), channels];
    return {
      shapes: [image, [kernelHeight, kernelWidth, channels / groups, filters]],
      call: ([x, w]) => conv2d(x, w, { stride, padding, dilation, groups }),
    };
  },
  convTranspose2d: (random) => {
    const groups = random.pick([1, 1, 2, 3]);
    const [channels, filters] = [groups * random.whole(1, 2), random.whole(1, 2)];
    const [stride, dilation] = [random.whole(1, 3), random.pick([1, 1, 2])];
    const outputPadding = random.whole(0, Math.max(stride, dilation) - 1);
    const padding = { top: random.whole(0, 1), bottom: 0, left: random.whole(0, 1), right: 1 };
    const image = [random.whole(1, 2), random.whole(3, 4), random.whole(3, 4), channels];
    return {
      shapes: [image, [random.whole(1, 3), random.whole(1, 3), filters, channels]],
      call: ([x, w]) => convTranspose2d(x, w, { stride, padding, outputPadding, dilation, groups }),
    };
  },
  crossEntropy: (random) => {
    const [before, classes] = [someShape(random, 3), random.whole(1, 6)];
    const shape = [...before, classes];
    const smoothing = random.pick([0, 0.1, 0.5]);
    const labels = random.wholes(sizeOf(before), 0, classes - 1);
    const soft = random.values(sizeOf(shape), 0, 1);
    const useLabels = random.unit() < 0.5;
    const ignored = useLabels && random.unit() < 0.5 ? random.whole(0, classes - 1) : undefined;
    const target = () => (useLabels ? tensor(labels, before) : tensor(soft, shape));
    return { shapes: [shape], call: ([x]) => crossEntropyLosses(x, target(), smoothing, ignored) };
  },
  cumulativeSum: (random) => {
    const shape = [...someShape(random, 2), random.whole(1, 5), ...someShape(random, 1)];
    const axis = random.whole(-shape.length, shape.length - 1);
    return { shapes: [shape], call: ([x]) => cumulativeSum(x, axis) };
  },
  divide: ofTwo(divide, [0.5, 2]),
  dropout: ofOne((x) => dropout(x, 0.4, { seed: 3, step: 9 })),
  embedding: (random) => {
    const [named, features] = [random.whole(1, 4), random.whole(1, 3)];
    const shape = someShape(random, 3);
    const indices = random.wholes(sizeOf(shape), 0, named - 1);
    // No index names the padding row, where differences would find what the gradient leaves out.
    const options = random.pick([{}, { paddingIndex: named }, { paddingIndex: -1 }]);
    return {
      shapes: [[named + 1, features]],
      call: ([table]) => embedding(table, tensor(indices, shape), options),
    };
  },
  eraseBoxes: (random) => {
    const shape = [random.whole(1, 3), ...[1, 2, 3].map(() => random.whole(1, 5))];
    const boxes = random.wholes(4 * shape[0], 0, 5);
    return { shapes: [shape], call: ([x]) => eraseBoxes(x, tensor(boxes, [shape[0], 4])) };
  },
  gather: (random) => {
    const shape = [...someShape(random, 2), random.whole(1, 4), ...someShape(random, 1)];
    const axis = random.whole(-shape.length, shape.length - 1);
    const size = shape.at(axis) as number;
    const taken = someShape(random, 2);
    const indices = random.wholes(sizeOf(taken), -size, size - 1);
    return { shapes: [shape], call: ([x]) => gather(x, tensor(indices, taken), axis) };
  },
  gelu: (random) => {
    const approximate = random.pick(['none', 'tanh'] as const);
    return ofOne((x) => gelu(x, { approximate }), [-5, 5])(random);
  },
  globalAveragePool: (random) => ({
    shapes: [[1, 2, 3, 4].map(() => random.whole(1, 4))],
    call: ([x]) => globalAveragePool(x),
  }),
  layerNorm: (random) => {
    const row = [...someShape(random, 1), random.whole(2, 5)];
    const [scaled, shifted] = [random.unit() < 0.7, random.unit() < 0.7];
    const vectors = [scaled, shifted].filter(Boolean).map(() => row);
    // Without vectors a row is the last axis.
    return {
      shapes: [[...someShape(random, 2), ...row], ...vectors],
      call: ([x, ...given]) =>
        layerNorm(x, scaled ? given.shift() : null, shifted ? given.shift() : null, { epsilon: 0.01 }),
    };
  },
  logSoftmax: ofRows(logSoftmax),
  maskedSoftmax: (random) => {
    const shape = [...someShape(random, 3), random.whole(1, 5)];
    const maskShape = shape
      .map((size) => (random.unit() < 0.4 ? 1 : size))
      .slice(random.whole(0, shape.length));
    const axis = random.whole(-shape.length, shape.length - 1);
    const added = random.unit() < 0.5;
    const counts = random.wholes(sizeOf(maskShape), 0, 2);
    const call = random.pick([softmax, logSoftmax]);
    // The logarithm of what does not count has no differences.
    const finite = (y: Tensor) => (call === softmax ? y : maximum(y, -1e3));
    return {
      shapes: added ? [shape, maskShape] : [shape],
      call: ([x, mask]) => finite(call(x, { axis, mask: mask ?? tensor(counts, maskShape) })),
    };
  },
  matmul: products,
  max: overAxes(max),
  maxPool2d: (random) => {
    const { image, windows } = imageAndWindows(random);
    return { shapes: [image], call: ([x]) => maxPool2d(x, windows) };
  },
  maximum: ofTwo(maximum),
  mean: overAxes(mean),
  minimum: ofTwo(minimum),
  mixImages: (random) => {
    const shape = [1, 2, 3, 4].map(() => random.whole(1, 5));
    const mix = { share: random.unit(), box: [0, 1, 2, 3].map(() => random.whole(0, 5)) as never };
    return { shapes: [shape, shape], call: ([x, partners]) => mixImages(x, partners, mix) };
  },
  multiply: ofTwo(multiply),
  pad: (random) => {
    const shape = someShape(random);
    const mode = random.pick(['constant', 'edge', 'reflect'] as const);
    const some = () => shape.map((size) => random.whole(0, mode === 'reflect' ? Math.min(2, size - 1) : 2));
    const [before, after] = [some(), some()];
    return { shapes: [shape], call: ([x]) => pad(x, before, after, { mode }) };
  },
  power: ofTwo(power, [0.5, 2]),
  reshape: (random) => {
    const shape = someShape(random);
    const target = random.pick([[-1], [-1, 1], [1, sizeOf(shape), 1]]);
    return { shapes: [shape], call: ([x]) => reshape(x, target) };
  },
  resize: (random) => {
    const mode = random.pick(['nearest', 'bilinear', 'bicubic'] as const);
    const alignCorners = mode !== 'nearest' && random.unit() < 0.5;
    const size = [random.whole(1, 6), random.whole(1, 6)] as const;
    const image = [random.whole(1, 2), random.whole(1, 5), random.whole(1, 5), random.whole(1, 2)];
    return { shapes: [image], call: ([x]) => resize(x, { size, mode, alignCorners }) };
  },
  rmsNorm: (random) => {
    const row = [...someShape(random, 1), random.whole(1, 5)];
    const vectors = random.unit() < 0.7 ? [row] : [];
    return {
      shapes: [[...someShape(random, 2), ...row], ...vectors],
      call: ([x, scale]) => rmsNorm(x, scale ?? null, { epsilon: 0.01 }),
    };
  },
  scaleRows: (random) => {
    const rows = random.whole(1, 4);
    return {
      shapes: [[rows, ...someShape(random, 2)], [rows]],
      call: ([x, factors]) => scaleRows(x, factors),
    };
  },
  scatterAdd: (random) => {
    const rows = random.whole(1, 4);
    const [before, added, after] = [1, 2, 1].map((rank) => someShape(random, rank));
    const indices = random.wholes(sizeOf(added), -rows, rows - 1);
    return {
      shapes: [[...before, ...added, ...after]],
      call: ([x]) => scatterAdd(x, tensor(indices, added), rows, before.length),
    };
  },
  slice: (random) => {
    const shape = someShape(random);
    const starts = shape.map((size) => random.whole(0, size - 1));
    const steps = shape.map(() => random.pick([1, 1, 2, 3, -1, -2]));
    const left = (d: number) => (steps[d]! > 0 ? shape[d]! - 1 - starts[d]! : starts[d]!);
    const sizes = steps.map((step, d) => random.whole(1, 1 + Math.floor(left(d) / Math.abs(step))));
    return { shapes: [shape], call: ([x]) => slice(x, starts, sizes, steps) };
  },
  softmax: ofRows(softmax),
  subtract: ofTwo(subtract),
  sum: overAxes(sum),
  takeAlongAxis: (random) => {
    const shape = [...someShape(random, 2), random.whole(1, 5), ...someShape(random, 1)];
    const axis = random.whole(0, shape.length - 1);
    const taken = shape.map((size, d) => random.whole(1, d === axis ? 5 : size));
    const indices = random.wholes(sizeOf(taken), 0, shape[axis] - 1);
    return { shapes: [shape], call: ([x]) => takeAlongAxis(x, tensor(indices, taken), axis) };
  },
  transpose: (random) => {
    const shape = someShape(random);
    const order = shape.map((_, d) => d).sort(() => random.unit() - 0.5);
    return { shapes: [shape], call: ([x]) => transpose(x, order) };
  },
  where: (random) => {
    const [a, b] = twoShapes(random);
    const rank = Math.max(a.length, b.length);
    // The condition has their common shape, from some dimension on.
    const whole = Array.from({ length: rank }, (_, d) => Math.max(a.at(d - rank) ?? 1, b.at(d - rank) ?? 1));
    const shape = whole.slice(random.whole(0, rank)).map((size) => (random.unit() < 0.3 ? 1 : size));
    const condition = random.wholes(sizeOf(shape), -1, 1);
    return { shapes: [a, b], call: ([x, y]) => where(tensor(condition, shape, 'int32'), x, y) };
  },
};
