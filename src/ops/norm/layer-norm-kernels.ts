/**
 * Kernels of norms along rows, layer norm and root mean square norm; the formulas stand in layer-norm.ts.
 *
 * A row is read three times: for its mean, for the squares of what differs from it, and for the result. Rows are short
 * enough to stay in a cache meanwhile.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel, type Shader, type Variant } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import type { RowAttributes } from '../reduce/argmax.js';
import { type SliceAttributes, sliceVariants } from './batch-norm-training-kernels.js';

export interface RowNormAttributes extends RowAttributes {
  readonly epsilon: number;
  /** The mean is taken away first, as a layer norm does. */
  readonly centred: boolean;
  readonly scaled: boolean;
}

export interface LayerNormAttributes extends RowNormAttributes {
  readonly shifted: boolean;
}

/** Elements per unit of CPU work, in whole rows. */
const CPU_ELEMENTS = 12_288;

const rowsPerUnit = (columns: number) => Math.max(1, Math.floor(CPU_ELEMENTS / columns));
const rowUnits = ({ rows, columns }: RowAttributes) => Math.ceil(rows / rowsPerUnit(columns));

function rowRange(
  { rows, columns }: RowAttributes,
  begin: number,
  end: number,
): [first: number, last: number] {
  const perUnit = rowsPerUnit(columns);
  return [begin * perUnit, Math.min(rows, end * perUnit)];
}

/**
 * `row`: one invocation per row. `workgroup`, for GPUs: lanes share a row, so that they read neighbours. A software adapter
 * gains nothing by lanes that wait for each other. Not timed on a GPU yet.
 */
export function rowVariants<A extends RowAttributes>(
  file: string,
  libraries: readonly string[] = [],
): Pick<Shader<A>, 'choose'> & { readonly variants: Readonly<Record<'row' | 'workgroup', Variant<A>>> } {
  const constants = { WORKGROUP: POINTWISE_WORKGROUP };
  return {
    variants: {
      row: {
        file: `norm/${file}.wgsl`,
        libraries: ['grid.wgsl', ...libraries, 'rows-serial.wgsl'],
        constants,
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: `norm/${file}.wgsl`,
        libraries: ['grid.wgsl', ...libraries, 'rows-workgroup.wgsl'],
        constants,
        grid: ({ rows }) => flatGrid(rows, 1),
      },
    },
    choose: (_, { software }) => (software ? 'row' : 'workgroup'),
  };
}

/** The mean of a row, 0 where it is not taken away, and 1 / sqrt(mean of squares + epsilon) of what is left. */
function momentsOf(
  { columns, epsilon, centred }: RowNormAttributes,
  x: ArrayLike<number>,
  start: number,
): [mean: number, inverse: number] {
  let sum = 0;
  if (centred) for (let j = start; j < start + columns; j++) sum += x[j];
  const mean = sum / columns;
  let squares = 0;
  for (let j = start; j < start + columns; j++) squares += (x[j] - mean) ** 2;
  return [mean, 1 / Math.sqrt(squares / columns + epsilon)];
}

/** y = (x - mean) inverse scale + shift, row by row. */
export const layerNormKernel: Kernel<LayerNormAttributes> = {
  name: 'layerNorm',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'scale', access: 'read', optional: true },
    { name: 'shift', access: 'read', optional: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    ...rowVariants('layer-norm'),
    words: ({ rows, columns, epsilon, centred, scaled, shifted }) => [
      rows,
      columns,
      float(epsilon),
      centred ? 1 : 0,
      scaled ? 1 : 0,
      shifted ? 1 : 0,
    ],
  },
  cpu: {
    units: rowUnits,
    run({ attributes, operands: [x, scale, shift, y], begin, end }) {
      const { columns, scaled, shifted } = attributes;
      const [first, last] = rowRange(attributes, begin, end);
      for (let row = first; row < last; row++) {
        const start = row * columns;
        const [mean, inverse] = momentsOf(attributes, x, start);
        for (let j = 0; j < columns; j++) {
          const value = (x[start + j] - mean) * inverse * (scaled ? scale[j] : 1);
          y[start + j] = shifted ? value + shift[j] : value;
        }
      }
    },
  },
  simd: simdEntry('layerNorm', {
    arguments(attributes, [x, scale, shift, y], begin, end) {
      const { columns, epsilon, centred } = attributes;
      const [first, last] = rowRange(attributes, begin, end);
      return { x, scale, shift, y, first, last, columns, epsilon, centred };
    },
  }),
};

/**
 * dx of each row, and its statistics [rows, 2], mean and inverse, for the gradients of scale and shift: they are computed
 * again rather than kept since the forward pass, as the row is read for dx all the same.
 */
export const layerNormGradientKernel: Kernel<RowNormAttributes> = {
  name: 'layerNormGradient',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'scale', access: 'read', optional: true },
    { name: 'statistics', access: 'write' },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    ...rowVariants('layer-norm-gradient'),
    words: ({ rows, columns, epsilon, centred, scaled }) => [
      rows,
      columns,
      float(epsilon),
      centred ? 1 : 0,
      scaled ? 1 : 0,
    ],
  },
  cpu: {
    units: rowUnits,
    run({ attributes, operands: [x, dy, scale, statistics, dx], begin, end }) {
      const { columns, centred, scaled } = attributes;
      const [first, last] = rowRange(attributes, begin, end);
      for (let row = first; row < last; row++) {
        const start = row * columns;
        const [mean, inverse] = momentsOf(attributes, x, start);
        let sum = 0;
        let product = 0;
        for (let j = 0; j < columns; j++) {
          const gradient = dy[start + j] * (scaled ? scale[j] : 1);
          sum += gradient;
          product += gradient * (x[start + j] - mean);
        }
        const along = (product * inverse * inverse) / columns;
        const shared = centred ? sum / columns : 0;
        for (let j = 0; j < columns; j++) {
          const gradient = dy[start + j] * (scaled ? scale[j] : 1);
          dx[start + j] = inverse * (gradient - shared - (x[start + j] - mean) * along);
        }
        statistics[2 * row] = mean;
        statistics[2 * row + 1] = inverse;
      }
    },
  },
  simd: simdEntry('layerNormGradient', {
    arguments(attributes, [x, dy, scale, statistics, dx], begin, end) {
      const { columns, epsilon, centred } = attributes;
      const [first, last] = rowRange(attributes, begin, end);
      return { x, dy, scale, statistics, dx, first, last, columns, epsilon, centred };
    },
  }),
};

/** Sums of dy (x - mean) inverse and of dy over slices of rows: scales and shifts [slices, channels]. */
export const layerNormSumsKernel: Kernel<SliceAttributes> = {
  name: 'layerNormSums',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'statistics', access: 'read' },
    { name: 'scales', access: 'write' },
    { name: 'shifts', access: 'write' },
  ],
  shader: {
    ...sliceVariants('layer-norm-sums'),
    words: ({ rows, channels, slices, rowsPerSlice }) => [rows, channels, slices, rowsPerSlice],
  },
  cpu: {
    units: ({ slices }) => slices,
    run({
      attributes: { rows, channels, rowsPerSlice },
      operands: [x, dy, statistics, scales, shifts],
      begin,
      end,
    }) {
      for (let slice = begin; slice < end; slice++) {
        const last = Math.min(rows, (slice + 1) * rowsPerSlice);
        const products = new Float64Array(channels);
        const sums = new Float64Array(channels);
        for (let row = slice * rowsPerSlice; row < last; row++) {
          const [mean, inverse] = [statistics[2 * row], statistics[2 * row + 1]];
          for (let c = 0; c < channels; c++) {
            const at = row * channels + c;
            products[c] += dy[at] * (x[at] - mean) * inverse;
            sums[c] += dy[at];
          }
        }
        scales.set(products, slice * channels);
        shifts.set(sums, slice * channels);
      }
    },
  },
  simd: simdEntry('layerNormSums', {
    arguments({ rows, channels, rowsPerSlice }, [x, dy, statistics, scales, shifts], begin, end) {
      return { x, dy, statistics, scales, shifts, begin, end, rows, channels, rowsPerSlice };
    },
  }),
};
