/**
 * Kernels of batch norm in training, over x read as [rows, channels]; the formulas stand in
 * batch-norm-training.ts.
 *
 * Sums over rows are cut into slices of neighbouring rows: one launch gives a partial result per slice and
 * channel, a second combines the slices in order. The cut follows from the shape alone.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel, type Shader, type Variant } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';

export interface SliceAttributes {
  readonly rows: number;
  readonly channels: number;
  readonly slices: number;
  readonly rowsPerSlice: number;
}

/** Slices that keep a GPU busy, and rows below which a slice is not worth its overhead. */
const MOST_SLICES = 256;
const LEAST_ROWS = 64;
/** Channels per unit of CPU work in launches over channels. */
const CPU_CHANNELS = 64;
/** Rows per unit of CPU work in launches over all elements. */
const CPU_ROWS = 64;

/** The cut of `rows` rows. */
export function sliced(rows: number, channels: number): SliceAttributes {
  const rowsPerSlice = Math.max(LEAST_ROWS, Math.ceil(rows / MOST_SLICES));
  return { rows, channels, slices: Math.ceil(rows / rowsPerSlice), rowsPerSlice };
}

/**
 * How a GPU's workgroup is divided, whose lanes share the rows of a slice, or the slices: neighbouring channels, so that
 * lanes read neighbours, with several lanes for each. 256 slices of 64 channels are 16,384 sums, a tenth of what a large
 * GPU has room for, and one lane alone would wait for memory 256 times to combine them. Not timed on a GPU yet.
 */
const ROW_PARTS = { CHANNELS: 32, PARTS: 8 } as const;
const SLICE_PARTS = { CHANNELS: 16, PARTS: 16 } as const;

/**
 * `slice`: one invocation per slice and channel, lanes along channels. `workgroup`, for GPUs: lanes share a slice. A
 * software adapter gains nothing by lanes that wait for each other.
 */
export function sliceVariants<A extends SliceAttributes>(
  file: string,
): Pick<Shader<A>, 'choose'> & { readonly variants: Readonly<Record<'slice' | 'workgroup', Variant<A>>> } {
  return {
    variants: {
      slice: {
        file: `norm/${file}.wgsl`,
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ slices, channels }) => flatGrid(slices * channels, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: `norm/${file}-workgroup.wgsl`,
        libraries: ['grid.wgsl', 'channel-parts.wgsl'],
        constants: ROW_PARTS,
        grid: ({ slices, channels }) => flatGrid(slices * Math.ceil(channels / ROW_PARTS.CHANNELS), 1),
      },
    },
    choose: (_, { software }) => (software ? 'slice' : 'workgroup'),
  };
}

/** `channel`: one invocation per channel. `workgroup`, for GPUs: lanes share the slices of a channel. */
function channelVariants<A extends SliceAttributes>(
  file: string,
  libraries: readonly string[] = [],
): Pick<Shader<A>, 'choose'> & { readonly variants: Readonly<Record<'channel' | 'workgroup', Variant<A>>> } {
  return {
    variants: {
      channel: {
        file: `norm/${file}.wgsl`,
        libraries: ['grid.wgsl', ...libraries],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ channels }) => flatGrid(channels, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: `norm/${file}-workgroup.wgsl`,
        libraries: ['grid.wgsl', 'channel-parts.wgsl', ...libraries],
        constants: SLICE_PARTS,
        grid: ({ channels }) => flatGrid(Math.ceil(channels / SLICE_PARTS.CHANNELS), 1),
      },
    },
    choose: (_, { software }) => (software ? 'channel' : 'workgroup'),
  };
}

const channelUnits = ({ channels }: SliceAttributes) => Math.ceil(channels / CPU_CHANNELS);

function channelRange(channels: number, begin: number, end: number): [first: number, last: number] {
  return [begin * CPU_CHANNELS, Math.min(channels, end * CPU_CHANNELS)];
}

/** Mean and sum of squared differences from it, of each slice: partials [2, slices, channels]. */
export const batchMomentsKernel: Kernel<SliceAttributes> = {
  name: 'batchMoments',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'partials', access: 'write' },
  ],
  shader: {
    ...sliceVariants('batch-moments'),
    words: ({ rows, channels, slices, rowsPerSlice }) => [rows, channels, slices, rowsPerSlice],
  },
  cpu: {
    units: ({ slices }) => slices,
    run({ attributes: { rows, channels, slices, rowsPerSlice }, operands: [x, partials], begin, end }) {
      for (let slice = begin; slice < end; slice++) {
        const first = slice * rowsPerSlice;
        const last = Math.min(rows, first + rowsPerSlice);
        const mean = new Float64Array(channels);
        const squares = new Float64Array(channels);
        for (let row = first; row < last; row++) {
          for (let c = 0; c < channels; c++) mean[c] += x[row * channels + c];
        }
        for (let c = 0; c < channels; c++) mean[c] /= last - first;
        for (let row = first; row < last; row++) {
          for (let c = 0; c < channels; c++) squares[c] += (x[row * channels + c] - mean[c]) ** 2;
        }
        partials.set(mean, slice * channels);
        partials.set(squares, (slices + slice) * channels);
      }
    },
  },
  simd: simdEntry('batchMoments', {
    arguments: ({ rows, channels, slices, rowsPerSlice }, [x, partials], begin, end) => ({
      x,
      partials,
      begin,
      end,
      rows,
      channels,
      slices,
      rowsPerSlice,
    }),
  }),
};

/** Slices combined (Chan, Golub, LeVeque, 1979): mean and biased variance. */
export const batchMomentsCombineKernel: Kernel<SliceAttributes> = {
  name: 'batchMomentsCombine',
  bindings: [
    { name: 'partials', access: 'read' },
    { name: 'mean', access: 'write' },
    { name: 'variance', access: 'write' },
  ],
  shader: {
    ...channelVariants('batch-moments-combine'),
    words: ({ rows, channels, slices, rowsPerSlice }) => [rows, channels, slices, rowsPerSlice],
  },
  cpu: {
    units: channelUnits,
    run({ attributes, operands: [partials, mean, variance], begin, end }) {
      const { rows, channels, slices, rowsPerSlice } = attributes;
      const [first, last] = channelRange(channels, begin, end);
      for (let c = first; c < last; c++) {
        let count = 0;
        let average = 0;
        let squares = 0;
        for (let slice = 0; slice < slices; slice++) {
          const added = Math.min(rowsPerSlice, rows - slice * rowsPerSlice);
          const difference = partials[slice * channels + c] - average;
          const total = count + added;
          average += (difference * added) / total;
          squares +=
            partials[(slices + slice) * channels + c] + (difference * difference * count * added) / total;
          count = total;
        }
        mean[c] = average;
        variance[c] = squares / rows;
      }
    },
  },
};

export interface GradientSumsAttributes extends SliceAttributes {
  /** dy counts only where the ReLU behind the batch norm let its value through: where `relu` > 0. */
  readonly masked: boolean;
}

/** Sums of dy and of dy (x - mean) over each slice: partials [2, slices, channels]. */
export const batchNormGradientSumsKernel: Kernel<GradientSumsAttributes> = {
  name: 'batchNormGradientSums',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'mean', access: 'read' },
    { name: 'relu', access: 'read', optional: true, half: true },
    { name: 'partials', access: 'write' },
  ],
  shader: {
    ...sliceVariants('batch-norm-gradient-sums'),
    words: ({ rows, channels, slices, rowsPerSlice, masked }) => [
      rows,
      channels,
      slices,
      rowsPerSlice,
      masked ? 1 : 0,
    ],
  },
  cpu: {
    units: ({ slices }) => slices,
    run({ attributes, operands: [x, dy, mean, relu, partials], begin, end }) {
      const { rows, channels, slices, rowsPerSlice, masked } = attributes;
      for (let slice = begin; slice < end; slice++) {
        const last = Math.min(rows, (slice + 1) * rowsPerSlice);
        const sums = new Float64Array(channels);
        const products = new Float64Array(channels);
        for (let row = slice * rowsPerSlice; row < last; row++) {
          for (let c = 0; c < channels; c++) {
            const at = row * channels + c;
            if (masked && !(relu[at] > 0)) continue;
            sums[c] += dy[at];
            products[c] += dy[at] * (x[at] - mean[c]);
          }
        }
        partials.set(sums, slice * channels);
        partials.set(products, (slices + slice) * channels);
      }
    },
  },
  simd: simdEntry('batchNormGradientSums', {
    arguments({ rows, channels, slices, rowsPerSlice, masked }, [x, dy, mean, relu, partials], begin, end) {
      return { x, dy, mean, relu, partials, begin, end, rows, channels, slices, rowsPerSlice, masked };
    },
  }),
};

export interface GradientCombineAttributes extends SliceAttributes {
  readonly epsilon: number;
  /** Statistics are constants: dx = a dy alone. */
  readonly fixed: boolean;
}

/** dgamma, dbeta, and the coefficients [4, channels] of dx = a dy + b (x - mean) + c, mean last. */
export const batchNormGradientCombineKernel: Kernel<GradientCombineAttributes> = {
  name: 'batchNormGradientCombine',
  bindings: [
    { name: 'partials', access: 'read' },
    { name: 'gamma', access: 'read' },
    { name: 'mean', access: 'read' },
    { name: 'variance', access: 'read' },
    { name: 'dgamma', access: 'write' },
    { name: 'dbeta', access: 'write' },
    { name: 'coefficients', access: 'write' },
  ],
  shader: {
    ...channelVariants('batch-norm-gradient-combine', ['batch-norm-coefficients.wgsl']),
    words: ({ rows, channels, slices, epsilon, fixed }) => [
      rows,
      channels,
      slices,
      float(epsilon),
      fixed ? 1 : 0,
    ],
  },
  cpu: {
    units: channelUnits,
    run({ attributes, operands, begin, end }) {
      const [partials, gamma, mean, variance, dgamma, dbeta, coefficients] = operands;
      const { rows, channels, slices, epsilon, fixed } = attributes;
      const [first, last] = channelRange(channels, begin, end);
      for (let c = first; c < last; c++) {
        let sum = 0;
        let product = 0;
        for (let slice = 0; slice < slices; slice++) {
          sum += partials[slice * channels + c];
          product += partials[(slices + slice) * channels + c];
        }
        const inverse = 1 / Math.sqrt(variance[c] + epsilon);
        const a = gamma[c] * inverse;
        dgamma[c] = product * inverse;
        dbeta[c] = sum;
        coefficients[c] = a;
        coefficients[channels + c] = fixed ? 0 : (-a * inverse * inverse * product) / rows;
        coefficients[2 * channels + c] = fixed ? 0 : (-a * sum) / rows;
        coefficients[3 * channels + c] = mean[c];
      }
    },
  },
};

export interface GradientApplyAttributes {
  readonly rows: number;
  readonly channels: number;
  readonly count: number;
  readonly masked: boolean;
}

/** dx = a dy + b (x - mean) + c, per channel. */
export const batchNormGradientApplyKernel: Kernel<GradientApplyAttributes> = {
  name: 'batchNormGradientApply',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'coefficients', access: 'read' },
    { name: 'relu', access: 'read', optional: true, half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    variants: {
      flat: {
        file: 'norm/batch-norm-gradient-apply.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    words: ({ count, channels, masked }) => [count, channels, masked ? 1 : 0],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / CPU_ROWS),
    run({ attributes: { rows, channels, masked }, operands: [x, dy, coefficients, relu, dx], begin, end }) {
      const last = Math.min(rows, end * CPU_ROWS);
      for (let row = begin * CPU_ROWS; row < last; row++) {
        for (let c = 0; c < channels; c++) {
          const at = row * channels + c;
          const dz = masked && !(relu[at] > 0) ? 0 : dy[at];
          const centred = x[at] - coefficients[3 * channels + c];
          dx[at] =
            coefficients[c] * dz + coefficients[channels + c] * centred + coefficients[2 * channels + c];
        }
      }
    },
  },
  simd: simdEntry('batchNormGradientApply', {
    arguments({ rows, channels, masked }, [x, dy, coefficients, relu, dx], begin, end) {
      const elements = { first: begin * CPU_ROWS, last: Math.min(rows, end * CPU_ROWS) };
      return { x, dy, coefficients, relu, dx, channels, masked, ...elements };
    },
  }),
};
