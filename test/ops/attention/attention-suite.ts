/** Attention on any device, beside what it is put together from: products, a softmax with the mask, and their gradients. */
import {
  add,
  attention,
  type AttentionOptions,
  gradients,
  matmul,
  multiply,
  softmax,
  sum,
  tensor,
  type Tensor,
} from '#src/index';
import type { Device } from '#src/program/device';
import { sizeOf } from '#src/tensor/shape';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, Random } from '../support.js';

/** batch, queries, keys, heads and size of a head; what has a mask, and of which kind. */
export interface AttentionCase {
  readonly sizes: readonly [batch: number, queries: number, keys: number, heads: number, size: number];
  readonly mask?: 'keys' | 'rows' | 'added';
  readonly causal?: boolean;
}

const HEADS = { headsA: true, headsB: true } as const;

/** The operation's definition, with scores and probabilities in memory. */
function plainAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions, size: number): Tensor {
  const scores = multiply(matmul(q, k, { ...HEADS, transposeB: true }), 1 / Math.sqrt(size));
  const { mask } = options;
  return matmul(softmax(scores, mask === undefined ? {} : { mask }), v, { headsB: true, headsOut: true });
}

/** Registers a test for each case: the result and all gradients, within `tolerance` of the largest number. */
export function testAttention(
  on: string,
  cases: readonly AttentionCase[],
  tolerance: number,
  open: () => Promise<Device>,
): void {
  for (const { sizes, mask, causal = false } of cases) {
    const [batch, queries, keys, heads, size] = sizes;
    const words = `${batch} x ${queries} x ${keys}, ${heads} heads of ${size}${mask ? `, mask ${mask}` : ''}${causal ? ', causal' : ''}`;
    test(`attention on ${on} is what products and a softmax give: ${words}`, async () => {
      const device = await open();
      const random = new Random(queries * 1000 + keys * 10 + size);
      const shapes = [queries, keys, keys, queries].map((rows) => [batch, rows, heads, size]);
      const values = shapes.map((shape) => Float32Array.from(random.values(sizeOf(shape), -2, 2)));
      const kept = Int32Array.from({ length: batch * keys }, (_, i) =>
        random.unit() < 0.3 && i % keys > 0 ? 0 : 1,
      );
      const added = Float32Array.from({ length: queries * keys }, () => random.unit() * 4 - 2);
      const order = Float32Array.from({ length: queries * keys }, (_, i) =>
        i % keys > Math.floor(i / keys) ? Number.NEGATIVE_INFINITY : 0,
      );
      // Every third query looks nothing up.
      const seen = (isSeen: (query: number, key: number) => boolean) =>
        Int32Array.from({ length: queries * keys }, (_, i) => Number(isSeen(Math.floor(i / keys), i % keys)));
      const rows = seen((query) => query % 3 !== 1);
      const masks = (): Tensor[] => {
        if (mask === 'rows') return [tensor(rows, [queries, keys])];
        if (mask === 'keys') return [tensor(kept, [batch, 1, 1, keys])];
        return mask === 'added' ? [tensor(added, [1, queries, keys])] : [];
      };
      const run = (call: (q: Tensor, k: Tensor, v: Tensor) => Tensor) =>
        device.run(() => {
          const [q, k, v, weights] = values.map((one, i) => tensor(one, shapes[i]!)) as [
            Tensor,
            Tensor,
            Tensor,
            Tensor,
          ];
          const y = call(q, k, v);
          return [y, ...gradients(sum(multiply(y, weights)), [q, k, v])];
        });
      const found = await run((q, k, v) => {
        const [given] = masks();
        return attention(q, k, v, { causal, ...(given && { mask: given }) });
      });
      const expected = await run((q, k, v) => {
        const [given] = masks();
        if (!causal) return plainAttention(q, k, v, given ? { mask: given } : {}, size);
        if (mask === 'rows') {
          const both = seen((query, key) => query % 3 !== 1 && key <= query);
          return plainAttention(q, k, v, { mask: tensor(both, [queries, keys]) }, size);
        }
        assert.is.not(mask, 'keys', 'no case has both');
        const ordered = tensor(order, [queries, keys]);
        return plainAttention(q, k, v, { mask: mask === 'added' ? add(given!, ordered) : ordered }, size);
      });
      for (const [i, name] of ['out', 'dq', 'dk', 'dv'].entries()) {
        const plain = expected[i] as Float32Array;
        const largest = plain.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assertClose(found[i] as Float32Array, plain, { absolute: tolerance * largest, relative: 0 }, name);
      }
    });
  }
}

/** Each kernel with heads of 8 to 64, for which compilers of software adapters need a second or two each. */
export const NARROW: readonly AttentionCase[] = [
  { sizes: [1, 1, 1, 1, 1] },
  { sizes: [2, 2, 3, 2, 16], mask: 'keys' },
  { sizes: [1, 40, 40, 1, 8], mask: 'rows', causal: true },
  { sizes: [1, 47, 97, 1, 16], mask: 'added', causal: true },
  // From 385 rows on nothing of queries times keys is in memory.
  { sizes: [1, 384, 5, 1, 16], mask: 'keys' },
  { sizes: [2, 5, 385, 1, 16], mask: 'keys' },
  { sizes: [1, 386, 7, 1, 8], mask: 'rows' },
];

/** Lengths on both sides of tiles and blocks, heads on both sides of what they are padded to. */
export const WIDE: readonly AttentionCase[] = [
  { sizes: [1, 63, 65, 2, 24], mask: 'added' },
  { sizes: [2, 64, 64, 1, 64], causal: true },
  { sizes: [1, 47, 97, 1, 128], mask: 'added', causal: true },
  { sizes: [1, 385, 49, 2, 80] },
  { sizes: [1, 34, 400, 1, 200], mask: 'added' },
];

/** What a Vision Transformer has, and lengths past it. */
export const LONG: readonly AttentionCase[] = [
  { sizes: [1, 197, 197, 3, 64] },
  { sizes: [1, 511, 513, 2, 64], mask: 'keys' },
  { sizes: [1, 512, 512, 1, 80], causal: true },
  { sizes: [1, 513, 511, 1, 128], mask: 'added' },
  { sizes: [1, 1030, 1030, 1, 16], mask: 'keys' },
];
