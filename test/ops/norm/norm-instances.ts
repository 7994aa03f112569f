/** Random uses of the kernels of norms along rows: lengths on both sides of a workgroup's lanes. */
import { type Make, real, room } from '../operands.js';
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

export const normMakers: Readonly<Record<string, Make>> = {
  'layerNorm.row': layerNorm,
  'layerNorm.workgroup': layerNorm,
  'layerNormGradient.row': layerNormGradient,
  'layerNormGradient.workgroup': layerNormGradient,
  'layerNormSums.slice': layerNormSums,
  'layerNormSums.workgroup': layerNormSums,
};
