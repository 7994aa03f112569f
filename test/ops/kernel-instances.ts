/**
 * Random uses of every kernel but the products and pools, which have tests of their own: attributes, operands and
 * step values for each variant. Sizes straddle workgroups and blocks.
 */
import { type SliceAttributes, sliced } from '#src/ops/norm/batch-norm-training-kernels';
import type { KernelName } from '#src/ops/kernels';
import type { BinaryAttributes, UnaryOperation } from '#src/ops/pointwise/pointwise';
import { padFront } from '#src/ops/core/strided';
import { type UnaryName, unaryOperations } from '#src/ops/pointwise/unary-tables';
import { whereAttributes } from '#src/ops/pointwise/where';
import { broadcastStrides, sizeOf, stridesOf } from '#src/tensor/shape';
import { attentionMakers } from './attention/attention-instances.js';
import { imageMakers } from './image/image-instances.js';
import { resizeMakers } from './image/resize-instances.js';
import { normMakers } from './norm/norm-instances.js';
import { float, floats, ints, type Make, type Operand, real, room, SIZES, size, uint } from './operands.js';
import { poolMakers } from './pool/pool-instances.js';
import type { Random } from './support.js';
import { unaryCases } from './pointwise/unary-cases.js';

export type { Instance, Make, Operand } from './operands.js';

/** Both kernels of an operation on one tensor. */
function unaryMakers({ definition }: UnaryOperation<UnaryName>): [variant: string, make: Make][] {
  const { name, from } = definition;
  const { formula, range = [-2, 2] } = unaryCases[name];
  const forward: Make = (random) => {
    const count = size(random);
    return { attributes: { count }, operands: [real(random, count, ...range), room(count)] };
  };
  const gradient: Make = (random) => {
    const count = size(random);
    const x = random.values(count, ...range);
    const value = floats(from === 'input' ? x : x.map(formula));
    return { attributes: { count }, operands: [value, real(random, count), room(count)] };
  };
  return [
    [`${name}.flat`, forward],
    [`${name}Gradient.flat`, gradient],
  ];
}

/** Both kernels of gelu, exact or by tanh: as far out as float32 tells them from 0 and x. */
function geluMakers(approximate: 'none' | 'tanh'): [variant: string, make: Make][] {
  const make =
    (operands: number): Make =>
    (random) => {
      const count = size(random);
      const inputs = Array.from({ length: operands }, () => real(random, count, -7, 7));
      return { attributes: { count, approximate }, operands: [...inputs, room(count)] };
    };
  return [
    [`gelu.${approximate}`, make(1)],
    [`geluGradient.${approximate}`, make(2)],
  ];
}

/** Whole numbers, some of them bounds. */
const clamped =
  (operands: number): Make =>
  (random) => {
    const count = size(random);
    const [low, high] = [random.pick([-2, -1, -Infinity]), random.pick([1, 2, Infinity, -2])];
    const inputs = Array.from({ length: operands }, () => floats(random.wholes(count, -3, 3)));
    return { attributes: { count, low, high }, operands: [...inputs, room(count)], exact: true };
  };

const chosenBy =
  (same: boolean): Make =>
  (random) => {
    const shape = same ? [size(random)] : Array.from({ length: 6 }, () => random.whole(1, 4));
    const [condition, a, b] = [0, 1, 2].map(() => shape.map((n) => (!same && random.unit() < 0.4 ? 1 : n)));
    const out = shape.map((_, d) => Math.max(condition[d], a[d], b[d]));
    const attributes = { ...whereAttributes(condition, a, b, out), same };
    const operands = [
      ints(random.wholes(sizeOf(condition), -1, 1)),
      real(random, sizeOf(a)),
      real(random, sizeOf(b)),
    ];
    return { attributes, operands: [...operands, room(sizeOf(out))], exact: true };
  };

const binary =
  (same: boolean, low = -2, high = 2, whole = false): Make =>
  (random) => {
    const shape = same ? [size(random)] : Array.from({ length: 6 }, () => random.whole(1, 4));
    const shrunk = () => (same ? shape : shape.map((n) => (random.unit() < 0.4 ? 1 : n)));
    const [a, b] = [shrunk(), shrunk()];
    const out = shape.map((_, d) => Math.max(a[d], b[d]));
    const attributes: BinaryAttributes = {
      count: sizeOf(out),
      same,
      shape: padFront(out, 1),
      stridesA: padFront(broadcastStrides(a, out), 0),
      stridesB: padFront(broadcastStrides(b, out), 0),
    };
    const data = (count: number) =>
      whole ? floats(random.wholes(count, -2, 2)) : real(random, count, low, high);
    return { attributes, operands: [data(sizeOf(a)), data(sizeOf(b)), room(sizeOf(out))], exact: whole };
  };

/** Rows times columns, neither too large. */
function rowsAndColumns(random: Random) {
  const [rows, columns] = [size(random), random.pick([1, 2, 3, 7, 10, 64, 65])];
  return { rows: Math.min(rows, 257), columns };
}

/** The shape of a few small images, and what kernels over them are told of it. */
function someImages(random: Random) {
  const shape = [random.whole(1, 4), random.whole(1, 9), random.whole(1, 9), random.pick([1, 3, 4])];
  const [, height, width, channels] = shape;
  return { shape, attributes: { count: sizeOf(shape), height, width, channels } };
}

/** Half of the time so large that e^x overflows unless the largest of a row is subtracted. */
function logits(random: Random, count: number): Operand {
  const limit = random.pick([5, 150]);
  return real(random, count, -limit, limit);
}

function crossEntropyOperands(random: Random) {
  const { rows, columns } = rowsAndColumns(random);
  const labels = random.unit() < 0.5;
  // Often one of the labels that there are.
  const ignoreIndex = labels && random.unit() < 0.5 ? random.whole(-1, columns - 1) : null;
  const attributes = { rows, columns, smoothing: random.pick([0, 0.125]), ignoreIndex, labels };
  const target = labels
    ? [ints(random.wholes(rows, 0, columns - 1)), null]
    : [null, real(random, rows * columns, 0, 1)];
  return { attributes, operands: [logits(random, rows * columns), ...target] };
}

/** Logits, shares of `yes`, and positive weights or none. */
function binaryCrossEntropyOperands(random: Random) {
  const count = size(random);
  const weighted = random.unit() < 0.5;
  const weights = weighted ? real(random, count, 0, 3) : null;
  return {
    attributes: { count, weighted },
    operands: [logits(random, count), real(random, count, 0, 1), weights],
  };
}

/** Parts added to rows, few or many to each; some to none. */
const scattered =
  (mostRows: number): Make =>
  (random) => {
    const [outer, rows] = [random.whole(1, 3), random.whole(1, mostRows)];
    const [columns, indices] = [random.pick([1, 3, 31, 32, 33, 65]), random.whole(1, 70)];
    const named = [...random.wholes(indices, -1, rows)];
    const positions = (row: number) => named.flatMap((name, j) => (name === row ? [j] : []));
    const ordered = Array.from({ length: rows }, (_, row) => positions(row)).flat();
    const starts = Array.from(
      { length: rows + 1 },
      (_, row) => named.filter((name) => name >= 0 && name < row).length,
    );
    const order = [...starts, ...ordered, ...new Array(indices - ordered.length).fill(0)];
    return {
      attributes: { count: outer * rows * columns, rows, columns, indices },
      operands: [real(random, outer * indices * columns), ints(order), room(outer * rows * columns)],
      terms: indices,
    };
  };

const reduce =
  (variant: 'serial' | 'workgroup'): Make =>
  (random) => {
    const length =
      variant === 'workgroup' ? random.pick([256, 257, 300, 1000]) : random.pick([1, 2, 63, 64, 65, 255]);
    const most = variant === 'workgroup' ? 3 : 40;
    const [outer, inner] = [random.whole(1, most), random.whole(1, most)];
    const reduction = random.pick(['sum', 'mean', 'max']);
    return {
      attributes: { reduction, outer, length, inner },
      operands: [real(random, outer * length * inner), room(outer * inner)],
      terms: length,
      exact: reduction === 'max',
    };
  };

const sumInt32 =
  (lengths: readonly number[]): Make =>
  (random) => {
    const [outer, length, inner] = [random.whole(1, 5), random.pick(lengths), random.whole(1, 5)];
    const values = random.wholes(outer * length * inner, -(2 ** 28), 2 ** 28);
    return {
      attributes: { outer, length, inner },
      operands: [ints(values), room(outer * inner, 'int32')],
      exact: true,
    };
  };

/** Runs along an axis, of lengths on both sides of a workgroup, and a few whole numbers in them, of which some are no number. */
function someRuns(random: Random) {
  const [outer, inner] = [random.whole(1, 5), random.whole(1, 20)];
  const length = random.pick([1, 2, 7, 63, 64, 65, 130]);
  const values = Float32Array.from(random.wholes(outer * length * inner, -9, 9));
  if (random.unit() < 0.5) values[random.whole(0, values.length - 1)] = Number.NaN;
  return { outer, length, inner, values: floats(values) };
}

const argmax: Make = (random) => {
  const { values, ...along } = someRuns(random);
  const operands = [values, room(along.outer * along.inner, 'int32')];
  return { attributes: { ...along, smallest: random.unit() < 0.5 }, operands, exact: true };
};

const topK: Make = (random) => {
  const { values, ...along } = someRuns(random);
  const k = random.whole(1, Math.min(along.length, 7));
  const operands = [values, room(along.outer * k * along.inner, 'int32')];
  return { attributes: { ...along, k }, operands, exact: true };
};

/** Elements taken or added by indices of which some are outside. */
const alongIndices =
  (adds: boolean): Make =>
  (random) => {
    const [outer, length, inner] = [random.whole(1, 5), random.whole(1, 9), random.whole(1, 20)];
    const taken = random.whole(1, 12);
    const [count, whole] = [outer * taken * inner, outer * length * inner];
    const indices = ints(random.wholes(count, -1, length));
    return {
      attributes: { outer, length, inner, taken, count },
      operands: adds
        ? [real(random, count), indices, real(random, whole)]
        : [real(random, whole), indices, room(count)],
      terms: adds ? taken + 1 : 1,
      exact: !adds,
    };
  };

/** A copy of a block between two larger tensors, as it is, transposed, or backwards; the rest of the target stays. */
const stridedCopy =
  (dtype: 'float32' | 'int32' | 'uint32'): Make =>
  (random) => {
    const rank = random.whole(0, 6);
    const shape = Array.from({ length: rank }, () => random.whole(1, 4));
    const around = () => shape.map((n) => n + random.whole(0, 2));
    const order = shape.map((_, d) => d).sort(() => random.unit() - 0.5);
    const [source, target] = [around(), around()];
    const place = (whole: readonly number[]) =>
      stridesOf(whole).reduce((at, stride, d) => at + stride * random.whole(0, whole[d] - shape[d]), 0);
    const strides = stridesOf(order.map((axis) => source[axis]));
    const from = shape.map((_, d) => strides[order.indexOf(d)]);
    const to = stridesOf(target);
    const turn = (along: number[]) =>
      shape.reduce((offset, n, d) => {
        if (random.unit() < 0.7) return offset;
        along[d] *= -1;
        return offset - along[d] * (n - 1);
      }, 0);
    const attributes = {
      count: sizeOf(shape),
      dtype,
      shape: padFront(shape, 1),
      offset: turn(from),
      outOffset: place(target) + turn(to),
      strides: padFront(from, 0),
      outStrides: padFront(to, 0),
    };
    const values = random.wholes(sizeOf(source), 0, 1000);
    return { attributes, operands: [{ dtype, values }, room(sizeOf(target), dtype)], exact: true };
  };

type Cut = (random: Random) => SliceAttributes;

/** Rows that are one slice, several, or several and a rest. */
function someSlices(random: Random): SliceAttributes {
  return sliced(random.pick([1, 2, 63, 64, 65, 200]), random.pick([1, 3, 64, 65]));
}

/** On both sides of the lanes that share a slice, and of the channels of a workgroup. */
const sharedSlices: Cut = (random) => sliceBy(random.pick([1, 7, 8, 9, 30]), random.whole(1, 3), random, 32);

/** On both sides of the lanes that share the slices. */
const manySlices: Cut = (random) => sliceBy(8, random.pick([1, 2, 15, 16, 17, 33]), random, 16);

function sliceBy(rowsPerSlice: number, slices: number, random: Random, channels: number): SliceAttributes {
  const rows = (slices - 1) * rowsPerSlice + random.whole(1, rowsPerSlice);
  return { rows, slices, rowsPerSlice, channels: random.pick([1, 3, channels - 1, channels, channels + 1]) };
}

/** Two sums for each slice and channel. */
const partialsOf = ({ slices, channels }: SliceAttributes) => 2 * slices * channels;

function batchMoments(cut: Cut): Make {
  return (random) => {
    const attributes = cut(random);
    const { rows, channels } = attributes;
    const operands = [real(random, rows * channels, 3, 5), room(partialsOf(attributes))];
    return { attributes: { ...attributes }, operands, terms: 64 };
  };
}

function batchMomentsCombine(cut: Cut): Make {
  return (random) => {
    const attributes = cut(random);
    const { channels, slices } = attributes;
    const operands = [real(random, partialsOf(attributes), 0, 5), room(channels), room(channels)];
    return { attributes: { ...attributes }, operands, terms: 4 + slices };
  };
}

function batchNormGradientSums(cut: Cut): Make {
  return (random) => {
    const slices = cut(random);
    const { rows, channels } = slices;
    const masked = random.unit() < 0.5;
    const [x, dy, relu] = [0, 1, 2].map(() => real(random, rows * channels));
    const operands = [x, dy, real(random, channels), masked ? relu : null, room(partialsOf(slices))];
    return { attributes: { ...slices, masked }, operands, terms: 64 };
  };
}

function batchNormGradientCombine(cut: Cut): Make {
  return (random) => {
    const attributes = cut(random);
    const { channels, slices } = attributes;
    const vectors = [real(random, channels), real(random, channels), real(random, channels, 0.1, 2)];
    const results = [room(channels), room(channels), room(4 * channels)];
    const operands = [real(random, partialsOf(attributes)), ...vectors, ...results];
    return { attributes: { ...attributes, epsilon: 1e-3 }, operands, terms: 12 + slices };
  };
}

/** Parameters of two groups in blocks of 64, with the gate open or closed. */
function updateOperands(random: Random) {
  const count = 64 * random.whole(1, 5);
  const blocks = { dtype: 'uint32', values: random.wholes(count / 64, 0, 1) } as const;
  const gate = floats([1, random.pick([1, 0.5]), random.unit() < 0.8 ? 1 : 0, 0, 0]);
  const groups = [float(0.1), float(0.01), float(0.02), float(0)];
  return { count, start: [real(random, count), blocks, gate, real(random, count)], groups };
}

const makers: Readonly<Record<string, Make>> = {
  'accumulate.flat': (random) => {
    const count = size(random);
    return { attributes: { count }, operands: [real(random, count), real(random, count)] };
  },
  'adam.flat': (random) => {
    const { count, start, groups } = updateOperands(random);
    const numbers = [0.9, 0.1, 0.99, 0.01, 0.19, 0.0199, 1e-3].map(float);
    const attributes = {
      count,
      groups: { varying: 0 },
      numbers: { varying: 4 },
      decoupled: random.unit() < 0.5,
      epsilonPlacement: random.pick(['corrected', 'hat']),
    };
    return {
      attributes,
      operands: [...start, real(random, count), real(random, count, 0.1, 2)],
      step: [...groups, ...numbers],
    };
  },
  'add.same': binary(true),
  'add.broadcast': binary(false),
  'addAlongAxis.run': alongIndices(true),
  'argmax.row': argmax,
  'argmax.workgroup': argmax,
  'batchMoments.slice': batchMoments(someSlices),
  'batchMoments.workgroup': batchMoments(sharedSlices),
  'batchMomentsCombine.channel': batchMomentsCombine(someSlices),
  'batchMomentsCombine.workgroup': batchMomentsCombine(manySlices),
  'batchNormGradientSums.slice': batchNormGradientSums(someSlices),
  'batchNormGradientSums.workgroup': batchNormGradientSums(sharedSlices),
  'batchNormGradientCombine.channel': batchNormGradientCombine(someSlices),
  'batchNormGradientCombine.workgroup': batchNormGradientCombine(manySlices),
  'batchNormGradientApply.flat': (random) => {
    const { rows, channels } = someSlices(random);
    const masked = random.unit() < 0.5;
    const count = rows * channels;
    const [x, dy, relu] = [0, 1, 2].map(() => real(random, count));
    const operands = [x, dy, real(random, 4 * channels), masked ? relu : null, room(count)];
    return { attributes: { rows, channels, count, masked }, operands };
  },
  'batchNormFold.flat': (random) => {
    const count = size(random);
    const vectors = [
      real(random, count),
      real(random, count),
      real(random, count),
      real(random, count, 0.1, 2),
    ];
    return {
      attributes: { count, epsilon: 1e-3 },
      operands: [...vectors, room(count), room(count)],
      terms: 8,
    };
  },
  'binaryCrossEntropy.flat': (random) => {
    const { attributes, operands } = binaryCrossEntropyOperands(random);
    return { attributes, operands: [...operands, room(attributes.count)], terms: 4 };
  },
  'binaryCrossEntropyGradient.flat': (random) => {
    const { attributes, operands } = binaryCrossEntropyOperands(random);
    const { count } = attributes;
    return { attributes, operands: [...operands, real(random, count), room(count)], terms: 4 };
  },
  'cast.flat': (random) => {
    const count = size(random);
    const from = random.pick(['int32', 'uint32', 'uint8'] as const);
    const low = from === 'int32' ? -1000 : 0;
    const values = random.wholes(count, low, from === 'uint8' ? 255 : 100_000);
    const attributes = { count, from, to: 'float32' };
    return { attributes, operands: [{ dtype: from, values }, room(count)], exact: true };
  },
  'cast.int32': (random) => {
    const count = size(random);
    const scale = random.pick([3, 1e6, 5e9]);
    const values = random.values(count, -scale, scale);
    if (random.unit() < 0.5) values[0] = random.pick([Number.NaN, Number.POSITIVE_INFINITY, -0.9, 2 ** 31]);
    const attributes = { count, from: 'float32', to: 'int32' };
    return { attributes, operands: [floats(values), room(count, 'int32')], exact: true };
  },
  'clamp.flat': clamped(1),
  'clampGradient.flat': clamped(2),
  'commit.flat': (random) => {
    const count = size(random);
    const gate = floats([1, 1, random.whole(0, 1), 0, 0]);
    return { attributes: { count }, operands: [gate, real(random, count), real(random, count)], exact: true };
  },
  'crossEntropy.row': (random) => {
    const { attributes, operands } = crossEntropyOperands(random);
    return { attributes, operands: [...operands, room(attributes.rows)], terms: 2 * attributes.columns };
  },
  'crossEntropyGradient.row': (random) => {
    const { attributes, operands } = crossEntropyOperands(random);
    const { rows, columns } = attributes;
    return {
      attributes,
      operands: [...operands, real(random, rows), room(rows * columns)],
      terms: 2 * columns,
    };
  },
  'cumulativeSum.run': (random) => {
    const [outer, length, inner] = [random.whole(1, 4), random.whole(1, 70), random.whole(1, 20)];
    const dtype = random.pick(['float32', 'int32'] as const);
    const count = outer * length * inner;
    const values = random.wholes(count, -1000, 1000);
    return {
      attributes: { outer, length, inner, dtype, backwards: random.unit() < 0.5 },
      operands: [dtype === 'int32' ? ints(values) : real(random, count), room(count, dtype)],
      terms: length,
      exact: dtype === 'int32',
    };
  },
  'divide.same': binary(true, 0.5, 2),
  'divide.broadcast': binary(false, 0.5, 2),
  'dropout.four': (random) => {
    const count = size(random);
    const attributes = {
      count,
      probability: random.pick([0.1, 0.5, 0.75, 1 / 3]),
      launch: random.whole(0, 9),
      seed: { varying: 0 },
      step: { varying: 1 },
    };
    const step = [uint(random.whole(0, 2 ** 32 - 1)), uint(random.whole(0, 1_000_000))];
    return { attributes, operands: [real(random, count), room(count)], step };
  },
  'eraseBoxes.flat': (random) => {
    const { shape, attributes } = someImages(random);
    const boxes = ints(random.wholes(4 * (shape[0] as number), 0, 9));
    return {
      attributes,
      operands: [real(random, attributes.count), boxes, room(attributes.count)],
      exact: true,
    };
  },
  'fill.flat': (random) => {
    const count = size(random);
    return { attributes: { count, value: random.pick([0, 1, -2.5]) }, operands: [room(count)], exact: true };
  },
  'gather.flat': (random) => {
    const [outer, rows] = [random.whole(1, 3), random.whole(1, 40)];
    const [columns, indices] = [random.pick([1, 3, 64, 65]), random.whole(1, 70)];
    const wraps = random.unit() < 0.5;
    const count = outer * indices * columns;
    return {
      attributes: { count, rows, columns, indices, wraps },
      operands: [
        real(random, outer * rows * columns),
        ints(random.wholes(indices, -rows - 1, rows)),
        room(count),
      ],
      exact: true,
    };
  },
  'gradientGate.single': (random) => {
    const count = size(random);
    const partials = random.values(count, 0, 3);
    if (random.unit() < 0.3)
      partials[random.whole(0, count - 1)] = random.pick([Number.NaN, Number.POSITIVE_INFINITY]);
    const gate = floats([0, 0, 0, random.whole(0, 2), 1]);
    const step = [float(random.pick([0, 0.5, 1000])), uint(random.whole(1, 1000))];
    return {
      attributes: { count, limit: { varying: 0 }, step: { varying: 1 } },
      operands: [floats(partials), gate],
      step,
      terms: count,
    };
  },
  'lossScale.single': (random) => ({
    attributes: {},
    operands: [
      floats([1, 1, random.whole(0, 1), random.whole(1, 2), 1]),
      floats([random.pick([1, 2, 65536, 2 ** 24]), random.pick([0, 7, 1998, 1999]), random.whole(0, 2)]),
    ],
    exact: true,
  }),
  'greaterEqual.same': binary(true, 0, 0, true),
  'greaterEqual.broadcast': binary(false, 0, 0, true),
  'lessEqual.same': binary(true, 0, 0, true),
  'lessEqual.broadcast': binary(false, 0, 0, true),
  'maximum.same': binary(true),
  'maximum.broadcast': binary(false),
  'minimum.same': binary(true),
  'minimum.broadcast': binary(false),
  'mixImages.flat': (random) => {
    const { attributes } = someImages(random);
    const [x, partners] = [0, 1].map(() => real(random, attributes.count));
    return {
      attributes: { ...attributes, share: { varying: 5 }, box: { varying: 1 } },
      operands: [x, partners, room(attributes.count)],
      step: [float(9), ...Array.from(random.wholes(4, 0, 9), uint), float(random.unit())],
    };
  },
  'multiply.same': binary(true),
  'multiply.broadcast': binary(false),
  'normalizeImages.word': (random) => {
    const count = 3 * size(random);
    const attributes = { count, mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.3] };
    return {
      attributes,
      operands: [{ dtype: 'uint8', values: random.wholes(count, 0, 255) }, room(count)],
      terms: 8,
    };
  },
  'oneHot.flat': (random) => {
    const { rows, columns: classes } = rowsAndColumns(random);
    // Some labels are no class.
    const labels = ints(random.wholes(rows, -1, classes));
    return {
      attributes: { count: rows * classes, classes },
      operands: [labels, room(rows * classes)],
      exact: true,
    };
  },
  'orderIndices.rows': (random) => {
    const [rows, indices] = [random.pick([1, 2, 9, 254, 255, 256, 257, 600]), random.whole(1, 700)];
    const skipped = random.pick([null, random.whole(0, rows - 1)]);
    const few = random.unit() < 0.3 ? Math.min(rows, 3) : rows;
    return {
      attributes: { indices, rows, wraps: random.unit() < 0.5, skipped },
      operands: [ints(random.wholes(indices, -few - 1, few)), room(rows + 1 + indices, 'int32')],
      exact: true,
    };
  },
  'reduce.serial': reduce('serial'),
  'reduce.workgroup': reduce('workgroup'),
  'reduce.subgroup': reduce('workgroup'),
  'runningStatistics.flat': (random) => {
    const count = size(random);
    const operands = [0, 1, 2, 3].map(() => real(random, count));
    const attributes = { count, momentum: { varying: 1 }, correction: 1.25 };
    return { attributes, operands, step: [9, 0.1].map(float) };
  },
  'scaleShift.flat': (random) => {
    const { rows, columns: channels } = rowsAndColumns(random);
    const count = rows * channels;
    const residual = random.unit() < 0.5;
    const epilogue = {
      scale: true,
      shift: true,
      residual,
      activation: random.pick(['none', 'relu', 'relu6']),
    };
    const vectors = [real(random, channels, -4, 4), real(random, channels)];
    return {
      attributes: { count, channels, epilogue },
      operands: [real(random, count), ...vectors, residual ? real(random, count) : null, room(count)],
    };
  },
  'power.same': binary(true, 0.1, 3),
  'power.broadcast': binary(false, 0.1, 3),
  'powerBaseGradient.same': binary(true, 0.1, 3),
  'powerBaseGradient.broadcast': binary(false, 0.1, 3),
  'powerExponentGradient.same': binary(true, 0.1, 3),
  'powerExponentGradient.broadcast': binary(false, 0.1, 3),
  'pullToStart.flat': (random) => {
    const { count, start } = updateOperands(random);
    const [gradients, blockGroups, , parameters] = start;
    return {
      attributes: { count, pulls: { varying: 1 } },
      operands: [blockGroups, parameters, real(random, count), gradients],
      step: [9, 0.5, 0].map(float),
    };
  },
  'rmsprop.flat': (random) => {
    const { count, start, groups } = updateOperands(random);
    const hasMomentum = random.unit() < 0.5;
    const attributes = {
      count,
      groups: { varying: 0 },
      numbers: { varying: 4 },
      hasMomentum,
      epsilonPlacement: random.pick(['outside', 'inside']),
    };
    return {
      attributes,
      operands: [...start, real(random, count, 0.1, 2), hasMomentum ? real(random, count) : null],
      step: [...groups, ...[0.9, 0.1, 0.8, 1e-3].map(float)],
    };
  },
  'scatterAdd.flat': scattered(40),
  'scatterAdd.workgroup': scattered(3),
  'samPerturbation.flat': (random) => {
    const { count, start } = updateOperands(random);
    const [gradients, , gate, parameters] = start;
    return {
      attributes: { count, radius: { varying: 0 } },
      operands: [gate, parameters, gradients, room(count)],
      step: [float(0.05)],
    };
  },
  'scaleRows.flat': (random) => {
    const { rows, columns } = rowsAndColumns(random);
    const count = rows * columns;
    return {
      attributes: { count, columns },
      operands: [real(random, count), real(random, rows), room(count)],
    };
  },
  'sgd.flat': (random) => {
    const { count, start, groups } = updateOperands(random);
    const hasMomentum = random.unit() < 0.7;
    const nesterov = hasMomentum && random.unit() < 0.5;
    const attributes = { count, groups: { varying: 0 }, momentum: { varying: 4 }, hasMomentum, nesterov };
    return {
      attributes,
      operands: [...start, hasMomentum ? real(random, count) : null],
      step: [...groups, float(0.9)],
    };
  },
  'softmax.row': (random) => {
    const { rows, columns } = rowsAndColumns(random);
    const logarithm = random.unit() < 0.5;
    return {
      attributes: { rows, columns, logarithm },
      operands: [logits(random, rows * columns), room(rows * columns)],
      terms: 2 * columns,
    };
  },
  'squaredNorm.workgroup': (random) => {
    const count = random.pick([...SIZES, 4095, 4096, 4097, 8192, 9000]);
    const outOffset = random.whole(0, 3);
    const partials = room(outOffset + Math.ceil(count / 4096) + 1);
    return { attributes: { count, outOffset }, operands: [real(random, count), partials], terms: 4096 };
  },
  'stridedCopy.flat': (random) => stridedCopy(random.pick(['float32', 'int32', 'uint32']))(random),
  'takeAlongAxis.flat': alongIndices(false),
  'topK.row': topK,
  'topK.workgroup': topK,
  'sumInt32.serial': sumInt32([1, 2, 63, 255]),
  'sumInt32.workgroup': sumInt32([256, 257, 1000]),
  'subtract.same': binary(true),
  'subtract.broadcast': binary(false),
  'where.same': chosenBy(true),
  'where.broadcast': chosenBy(false),
  'weightAverage.flat': (random) => {
    const { count, start } = updateOperands(random);
    const [, , gate, parameters] = start;
    return {
      attributes: { count, share: { varying: 0 } },
      operands: [gate, parameters, real(random, count)],
      step: [float(0.1)],
    };
  },
};

/** Kernels with tests of their own: they are tiled, and have many more cases. */
export const TESTED_ELSEWHERE: readonly KernelName[] = [
  'conv2d',
  'conv2dInputGradient',
  'conv2dWeightGradient',
  'globalAveragePool',
  'matmul',
  'maxPool2d',
  'maxPool2dGradient',
];

/** How to make a random instance of each variant, by `kernel.variant`. */
export const instances: ReadonlyMap<string, Make> = new Map([
  ...Object.entries(makers),
  ...Object.entries(imageMakers),
  ...Object.entries(attentionMakers),
  ...Object.entries(normMakers),
  ...Object.entries(poolMakers),
  ...Object.entries(resizeMakers),
  ...geluMakers('none'),
  ...geluMakers('tanh'),
  ...Object.values(unaryOperations).flatMap((operation) => unaryMakers(operation)),
]);
