/** What attention's entries into the SIMD module have in common: arguments, and the workspace of src/device/cpu/simd/attention.ts. */
import { type AttentionAttributes, BLOCK_ROWS } from './attention-attributes.js';

/** A head's sums of no terms are left to the plain loops. */
export function attentionSuits({ queries, keys }: AttentionAttributes): boolean {
  return queries > 0 && keys > 0;
}

const KINDS = { none: 0, counts: 1, added: 2 } as const;

export function attentionArguments(attributes: AttentionAttributes) {
  const { heads, queries, keys, size, scale, causal, mask, strides } = attributes;
  return {
    heads,
    queries,
    keys,
    size,
    scale,
    causal,
    kind: KINDS[mask],
    maskBatch: strides.batch,
    maskHead: strides.head,
    maskQuery: strides.query,
    maskKey: strides.key,
  };
}

/** A tile, where 48 rows go, and 48 packed rows of 272 floats. */
const SHARED_BYTES = 256 + 256 + 48 * 272 * 4;

const roundUp4 = (count: number) => Math.ceil(count / 4) * 4;

/**
 * Bytes for panels of `rows` x `size`, as many as `sets`, blocks of scores of 48 rows, and two numbers for each row: what
 * grows with the number of rows, but never with its square. The functions of the same names in
 * device/cpu/simd/attention-products.ts.
 */
export function workspaceBytes(
  size: number,
  rows: number,
  { sets, scores }: { readonly sets: number; readonly scores: number },
): number {
  const panelFloats = (rows + 16 + Math.ceil(rows / 256) * 4) * (size + 12);
  const panelBytes = Math.ceil((panelFloats * 4) / 64) * 64;
  const scoreBytes = BLOCK_ROWS * (roundUp4(rows) + 16) * 4;
  const vectors = 2 * roundUp4(Math.max(rows, BLOCK_ROWS)) * 4;
  return SHARED_BYTES + sets * panelBytes + scores * scoreBytes + vectors;
}
