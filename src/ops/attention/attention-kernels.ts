/** The kernels of attention, forward and backward; the formulas stand in attention.ts. */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel, type Shader, type Variant } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import type { RowAttributes } from '../reduce/argmax.js';
import { type AttentionAttributes, attentionUnits, MAX_HEAD_SIZE } from './attention-attributes.js';
import { attentionLoop, keyGradientLoop, queryGradientLoop } from './attention-loop.js';
import { attentionArguments, attentionSuits, workspaceBytes } from './attention-simd.js';

/** Rows of queries, or of keys, of a workgroup: one for each invocation. */
const WORKGROUP = 64;

/** Floats of a workgroup's memory in a tile of rows; two tiles of them are 16 KiB, which every adapter has. */
const TILE_FLOATS = 2048;

/** Sizes up to which a head is padded: arrays in registers have lengths that are known when a shader is compiled. */
const HEADS = [64, 128, MAX_HEAD_SIZE] as const;

/** One variant for each padded size of a head: `rows` says over what the invocations go. */
function headVariants(
  file: string,
  rows: (attributes: AttentionAttributes) => number,
): Pick<Shader<AttentionAttributes>, 'variants' | 'choose' | 'words'> {
  const variants = HEADS.map((head): [string, Variant<AttentionAttributes>] => [
    `head${head}`,
    {
      file: `attention/${file}.wgsl`,
      libraries: ['grid.wgsl', 'is-nan.wgsl', 'attention.wgsl'],
      constants: {
        WORKGROUP,
        FOURS: head / 4,
        // Whole steps of four rows.
        TILE_ROWS: Math.min(32, Math.floor(TILE_FLOATS / head / 4) * 4),
      },
      grid: (attributes) => {
        const blocks = Math.ceil(rows(attributes) / WORKGROUP);
        return flatGrid(attributes.batch * attributes.heads * blocks, 1);
      },
      suits: ({ size }) => size <= head,
    },
  ]);
  return {
    variants: Object.fromEntries(variants),
    choose: ({ size }) => `head${HEADS.find((head) => size <= head)}`,
    words: ({ batch, heads, queries, keys, size, scale, causal, mask, strides }) => [
      batch,
      heads,
      queries,
      keys,
      size,
      float(scale),
      causal ? 1 : 0,
      mask === 'none' ? 0 : mask === 'counts' ? 1 : 2,
      strides.batch,
      strides.head,
      strides.query,
      strides.key,
    ],
  };
}

const queriesOf = ({ queries }: AttentionAttributes) => queries;
const keysOf = ({ keys }: AttentionAttributes) => keys;

/** out, and the logarithm of each query's sum, [batch, queries, heads]. */
export const attentionKernel: Kernel<AttentionAttributes> = {
  name: 'attention',
  bindings: [
    { name: 'q', access: 'read', half: true },
    { name: 'k', access: 'read', half: true },
    { name: 'v', access: 'read', half: true },
    { name: 'mask', access: 'read', optional: true },
    { name: 'logSumExp', access: 'write' },
    { name: 'out', access: 'write', half: true },
  ],
  shader: headVariants('attention', queriesOf),
  cpu: { units: (attributes) => attentionUnits(attributes, attributes.queries), run: attentionLoop },
  simd: simdEntry('attention', {
    suits: attentionSuits,
    workspaceBytes: ({ size, keys }) => workspaceBytes(size, keys, { sets: 2, scores: 1 }),
    arguments(attributes, [q, k, v, mask, logSumExp, out, workspace], begin, end) {
      return { q, k, v, mask, logSumExp, out, workspace, begin, end, ...attentionArguments(attributes) };
    },
  }),
};

/** The logarithm of the sum of each query and head, and the sum of out * dout: [rows, 2]. */
export const attentionStatisticsKernel: Kernel<RowAttributes> = {
  name: 'attentionStatistics',
  bindings: [
    { name: 'logSumExp', access: 'read' },
    { name: 'out', access: 'read', half: true },
    { name: 'dout', access: 'read', half: true },
    { name: 'statistics', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'attention/attention-statistics.wgsl',
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ rows }) => flatGrid(rows, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'row',
    words: ({ rows, columns }) => [rows, columns],
  },
  cpu: {
    units: ({ rows }) => Math.ceil(rows / STATISTICS_ROWS),
    run({ attributes: { rows, columns }, operands: [logSumExp, out, dout, statistics], begin, end }) {
      const last = Math.min(rows, end * STATISTICS_ROWS);
      for (let row = begin * STATISTICS_ROWS; row < last; row++) {
        let sum = 0;
        for (let j = row * columns; j < (row + 1) * columns; j++) sum += out[j] * dout[j];
        statistics[2 * row] = logSumExp[row];
        statistics[2 * row + 1] = sum;
      }
    },
  },
  simd: simdEntry('attentionStatistics', {
    arguments({ rows, columns }, [logSumExp, out, dout, statistics], begin, end) {
      const [first, last] = [begin * STATISTICS_ROWS, Math.min(rows, end * STATISTICS_ROWS)];
      return { logSumExp, out, dout, statistics, first, last, columns };
    },
  }),
};

/** Rows of one unit of work. */
const STATISTICS_ROWS = 64;

export const attentionQueryGradientKernel: Kernel<AttentionAttributes> = {
  name: 'attentionQueryGradient',
  bindings: [
    { name: 'q', access: 'read', half: true },
    { name: 'k', access: 'read', half: true },
    { name: 'v', access: 'read', half: true },
    { name: 'dout', access: 'read', half: true },
    { name: 'statistics', access: 'read' },
    { name: 'mask', access: 'read', optional: true },
    { name: 'dq', access: 'write', half: true },
  ],
  shader: headVariants('attention-query-gradient', queriesOf),
  cpu: { units: (attributes) => attentionUnits(attributes, attributes.queries), run: queryGradientLoop },
  simd: simdEntry('attentionQueryGradient', {
    suits: attentionSuits,
    workspaceBytes: ({ size, keys }) => workspaceBytes(size, keys, { sets: 3, scores: 2 }),
    arguments(attributes, [q, k, v, dout, statistics, mask, dq, workspace], begin, end) {
      const operands = { q, k, v, dout, statistics, mask, dq, workspace };
      return { ...operands, begin, end, ...attentionArguments(attributes) };
    },
  }),
};

export const attentionKeyGradientKernel: Kernel<AttentionAttributes> = {
  name: 'attentionKeyGradient',
  bindings: [
    { name: 'q', access: 'read', half: true },
    { name: 'k', access: 'read', half: true },
    { name: 'v', access: 'read', half: true },
    { name: 'dout', access: 'read', half: true },
    { name: 'statistics', access: 'read' },
    { name: 'mask', access: 'read', optional: true },
    { name: 'dk', access: 'write', half: true },
    { name: 'dv', access: 'write', half: true },
  ],
  shader: headVariants('attention-key-gradient', keysOf),
  cpu: { units: (attributes) => attentionUnits(attributes, attributes.keys), run: keyGradientLoop },
  simd: simdEntry('attentionKeyGradient', {
    suits: attentionSuits,
    workspaceBytes: ({ size, queries }) => workspaceBytes(size, queries, { sets: 4, scores: 2 }),
    arguments(attributes, [q, k, v, dout, statistics, mask, dk, dv, workspace], begin, end) {
      const operands = { q, k, v, dout, statistics, mask, dk, dv, workspace };
      return { ...operands, begin, end, ...attentionArguments(attributes) };
    },
  }),
};
