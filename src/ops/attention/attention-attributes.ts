/** What the kernels of attention share: their sizes, and what a mask does to a score. */

/** Strides of a mask that broadcasts to [batch, heads, queries, keys], in elements. */
export interface MaskStrides {
  readonly batch: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}

/**
 * q is [batch, queries, heads, size], k and v are [batch, keys, heads, size]. Score of query i and key j:
 *
 *     s_ij = scale * (q_i . k_j), plus the mask's number where it is `added`
 *
 * Where the mask says 0 (`counts`) or adds -Infinity, or with `causal` j > i, the key does not count for the query: its score
 * is -Infinity here. Shaders, which may assume that there are no infinities, have the lowest number in its place.
 */
export interface AttentionAttributes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly scale: number;
  readonly causal: boolean;
  /** int32, where 0 does not count; float32, which is added; or there is none. */
  readonly mask: 'none' | 'counts' | 'added';
  readonly strides: MaskStrides;
}

export const NO_STRIDES: MaskStrides = { batch: 0, head: 0, query: 0, key: 0 };

/** The largest head: its rows are kept whole in registers, or in a workgroup's memory. */
export const MAX_HEAD_SIZE = 256;

/** Rows, of queries or of keys, of one unit of work on the processor; both micro-kernels' heights (3 and 4) divide it. */
export const BLOCK_ROWS = 48;

/** Units of work over `rows` queries or keys: blocks of rows, head after head. */
export function attentionUnits({ batch, heads }: AttentionAttributes, rows: number): number {
  return batch * heads * Math.ceil(rows / BLOCK_ROWS);
}

/** Where the row of a query (or key) and head begins in [batch, rows, heads, size]. */
export function rowStart(
  { heads, size }: AttentionAttributes,
  rows: number,
  batch: number,
  row: number,
  head: number,
): number {
  return ((batch * rows + row) * heads + head) * size;
}
