/** Random uses of the kernels of attention: lengths on both sides of a workgroup's rows and of a tile's. */
import type { AttentionAttributes, MaskStrides } from '#src/ops/attention/attention-attributes';
import { type Instance, ints, type Make, type Operand, real, room } from '../operands.js';
import type { Random } from '../support.js';

export const ATTENTION_KERNELS = [
  'attention',
  'attentionStatistics',
  'attentionQueryGradient',
  'attentionKeyGradient',
] as const;

/** Where the mask of these strides ends. */
function maskLength({ batch, heads, queries, keys, strides }: AttentionAttributes): number {
  const last = (batch - 1) * strides.batch + (heads - 1) * strides.head;
  return last + (queries - 1) * strides.query + (keys - 1) * strides.key + 1;
}

function maskOperand(attributes: AttentionAttributes, random: Random): Operand | null {
  const length = maskLength(attributes);
  if (attributes.mask === 'none') return null;
  const kept = random.wholes(length, 0, 3);
  if (attributes.mask === 'counts') return ints(kept);
  const added = real(random, length);
  const values = Float32Array.from(added.values, (value, i) => (kept[i] === 0 ? -Infinity : value));
  return { dtype: 'float32', values };
}

/** A use of one of the kernels. Its statistics are as large as those of real scores: weights are below 1. */
export function attentionInstance(
  kernel: (typeof ATTENTION_KERNELS)[number],
  attributes: AttentionAttributes,
  random: Random,
): Instance {
  const { batch, heads, queries, keys, size } = attributes;
  const [rows, ofQueries, ofKeys] = [
    batch * queries * heads,
    batch * queries * heads * size,
    batch * keys * heads * size,
  ];
  const mask = () => maskOperand(attributes, random);
  const [q, k, v] = [ofQueries, ofKeys, ofKeys].map((count) => real(random, count, -1, 1));
  const dout = real(random, ofQueries);
  if (kernel === 'attentionStatistics') {
    const operands = [real(random, rows), q!, dout, room(2 * rows)];
    return { attributes: { rows, columns: size }, operands, terms: size };
  }
  if (kernel === 'attention')
    return { attributes, operands: [q!, k!, v!, mask(), room(rows), room(ofQueries)], terms: 4 * size };
  const statistics = real(random, 2 * rows, -1, 1);
  const along = Float32Array.from(statistics.values, (value, i) => (i % 2 === 0 ? 3 + value : value));
  const inputs = [q!, k!, v!, dout, { dtype: 'float32' as const, values: along }, mask()];
  if (kernel === 'attentionQueryGradient')
    return { attributes, operands: [...inputs, room(ofQueries)], terms: 4 * (size + keys) };
  return { attributes, operands: [...inputs, room(ofKeys), room(ofKeys)], terms: 4 * (size + queries) };
}

/** Heads that are padded to `head`. */
function make(kernel: (typeof ATTENTION_KERNELS)[number], head: number): Make {
  return (random) => {
    const [batch, heads] = [random.whole(1, 2), random.whole(1, 2)];
    const [queries, keys] = [0, 1].map(() => random.pick([1, 2, 3, 31, 33, 63, 64, 65, 70])) as [
      number,
      number,
    ];
    const strides: MaskStrides = random.pick([
      { batch: 0, head: 0, query: keys, key: 1 },
      { batch: keys, head: 0, query: 0, key: 1 },
      { batch: 0, head: queries, query: 1, key: 0 },
      { batch: 0, head: 0, query: 0, key: 0 },
    ]);
    const attributes: AttentionAttributes = {
      ...{ batch, heads, queries, keys, strides },
      size: random.whole(head === 64 ? 1 : head / 2 + 1, head),
      scale: random.pick([0.1, -0.3]),
      causal: random.unit() < 0.5,
      mask: random.pick(['none', 'counts', 'added']),
    };
    return attentionInstance(kernel, attributes, random);
  };
}

export const attentionMakers: Readonly<Record<string, Make>> = {
  'attentionStatistics.row': make('attentionStatistics', 64),
  ...Object.fromEntries(
    (['attention', 'attentionQueryGradient', 'attentionKeyGradient'] as const).flatMap((kernel) =>
      [64, 128, 256].map((head): [string, Make] => [`${kernel}.head${head}`, make(kernel, head)]),
    ),
  ),
};
