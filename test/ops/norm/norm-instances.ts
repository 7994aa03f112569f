/** Random uses of the kernels of norms along rows: lengths on both sides of a workgroup's lanes. */
import { padFront } from '#src/ops/core/strided';
import { broadcastStrides, sizeOf } from '#src/tensor/shape';
import { floats, ints, type Make, real, room } from '../operands.js';
import type { Random } from '../support.js';

function rowsOf(random: Random): { rows: number; columns: number } {
  return {
    rows: random.pick([1, 2, 3, 63, 64, 65, 130]),
    columns: random.pick([1, 2, 3, 63, 64, 65, 129, 300]),
  };
}

/** An epsilon that keeps rows of few elements from making much of a rounding. */
const EPSILON = 0.1;

const flags = (random: Random) => ({ centred: random.unit() < 0.5, scaled: random.unit() < 0.5 });

const layerNorm: Make = (random) => {
  const { rows, columns } = rowsOf(random);
  const shifted = random.unit() < 0.5;
  const attributes = { rows, columns, epsilon: EPSILON, shifted, ...flags(random) };
  const scale = attributes.scaled ? real(random, columns) : null;
  const shift = shifted ? real(random, columns) : null;
  const count = rows * columns;
  return { attributes, operands: [real(random, count), scale, shift, room(count)], terms: columns };
};

const layerNormGradient: Make = (random) => {
  const { rows, columns } = rowsOf(random);
  const attributes = { rows, columns, epsilon: EPSILON, ...flags(random) };
  const [x, dy] = [0, 1].map(() => real(random, rows * columns));
  const scale = attributes.scaled ? real(random, columns) : null;
  const operands = [x, dy, scale, room(2 * rows), room(rows * columns)];
  return { attributes, operands, terms: 2 * columns };
};

const layerNormSums: Make = (random) => {
  const rowsPerSlice = random.pick([1, 7, 8, 9, 30, 64]);
  const slices = random.whole(1, 3);
  const rows = (slices - 1) * rowsPerSlice + random.whole(1, rowsPerSlice);
  const channels = random.pick([1, 3, 31, 32, 33, 65]);
  const [x, dy] = [0, 1].map(() => real(random, rows * channels));
  const partials = [0, 1].map(() => room(slices * channels));
  const operands = [x, dy, real(random, 2 * rows), ...partials];
  return { attributes: { rows, channels, slices, rowsPerSlice }, operands, terms: 64 };
};

/** Half of the time so large that e^x overflows unless the largest of a row is subtracted. */
const logits = (random: Random, count: number) => {
  const limit = random.pick([5, 150]);
  return real(random, count, -limit, limit);
};

const maskedSoftmax: Make = (random) => {
  const columns = random.pick([1, 2, 3, 63, 64, 65, 129]);
  const shape = [...Array.from({ length: random.whole(0, 5) }, () => random.whole(1, 3)), columns];
  const maskShape = shape.map((size) => (random.unit() < 0.4 ? 1 : size));
  const strides = broadcastStrides(maskShape, shape);
  const [counts, logarithm] = [random.unit() < 0.5, random.unit() < 0.5];
  const [count, places] = [sizeOf(shape), sizeOf(maskShape)];
  const kept = random.wholes(places, 0, 2);
  const added = random
    .values(places, -2, 2)
    .map((value, i) => (kept[i] === 0 ? Number.NEGATIVE_INFINITY : value));
  const attributes = {
    rows: count / columns,
    columns,
    logarithm,
    counts,
    shape: padFront(shape.slice(0, -1), 1),
    strides: padFront(strides.slice(0, -1), 0),
    columnStride: strides.at(-1),
  };
  const mask = counts ? [ints(kept), null] : [null, floats(added)];
  return { attributes, operands: [logits(random, count), ...mask, room(count)], terms: 2 * columns };
};

const softmaxGradient: Make = (random) => {
  const { rows, columns } = rowsOf(random);
  const logarithm = random.unit() < 0.5;
  const kept = (value: number) => (random.unit() < 0.3 ? (logarithm ? Number.NEGATIVE_INFINITY : 0) : value);
  const y = random.values(rows * columns, logarithm ? -3 : 0, logarithm ? 0 : 1).map(kept);
  const operands = [floats(y), real(random, rows * columns), room(rows * columns)];
  return { attributes: { rows, columns, logarithm }, operands, terms: 2 * columns };
};

export const normMakers: Readonly<Record<string, Make>> = {
  'layerNorm.row': layerNorm,
  'layerNorm.workgroup': layerNorm,
  'layerNormGradient.row': layerNormGradient,
  'layerNormGradient.workgroup': layerNormGradient,
  'maskedSoftmax.row': maskedSoftmax,
  'maskedSoftmax.workgroup': maskedSoftmax,
  'softmaxGradient.row': softmaxGradient,
  'softmaxGradient.workgroup': softmaxGradient,
  'layerNormSums.slice': layerNormSums,
  'layerNormSums.workgroup': layerNormSums,
};
