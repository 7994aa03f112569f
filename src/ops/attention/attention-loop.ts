/** The plain loops of attention; the formulas stand in attention.ts. */
import type { CpuCall } from '../../device/kernel.js';
import { type AttentionAttributes, BLOCK_ROWS, rowStart } from './attention-attributes.js';

type Call = CpuCall<AttentionAttributes>;
type Numbers = ArrayLike<number>;

/** The score of a key that does not count. */
const NOTHING = Number.NEGATIVE_INFINITY;

/** Visits the rows of the units begin <= u < end. */
function eachRow(
  { attributes, begin, end }: Call,
  rows: number,
  visit: (batch: number, head: number, row: number) => void,
): void {
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  for (let unit = begin; unit < end; unit++) {
    const product = Math.floor(unit / blocks);
    const batch = Math.floor(product / attributes.heads);
    const first = (unit % blocks) * BLOCK_ROWS;
    for (let row = first; row < Math.min(rows, first + BLOCK_ROWS); row++)
      visit(batch, product % attributes.heads, row);
  }
}

function dot(x: Numbers, atX: number, y: Numbers, atY: number, size: number): number {
  let sum = 0;
  for (let c = 0; c < size; c++) sum += x[atX + c] * y[atY + c];
  return sum;
}

/** The score of a product of a query and a key. */
function scoreOf(
  { scale, causal, mask: kind, strides }: AttentionAttributes,
  product: number,
  mask: Numbers,
  batch: number,
  head: number,
  query: number,
  key: number,
): number {
  if (causal && key > query) return NOTHING;
  const score = scale * product;
  if (kind === 'none') return score;
  const at = batch * strides.batch + head * strides.head + query * strides.query + key * strides.key;
  if (kind === 'counts') return mask[at] === 0 ? NOTHING : score;
  return score + mask[at];
}

/** Operands: q, k, v, mask, logSumExp, out. */
export function attentionLoop(call: Call): void {
  const { attributes, operands } = call;
  const [q, k, v, mask, logSumExp, out] = operands;
  const { heads, queries, keys, size } = attributes;
  const scores = new Float64Array(keys);
  eachRow(call, queries, (batch, head, query) => {
    const atQ = rowStart(attributes, queries, batch, query, head);
    let largest = NOTHING;
    for (let key = 0; key < keys; key++) {
      const product = dot(q, atQ, k, rowStart(attributes, keys, batch, key, head), size);
      scores[key] = scoreOf(attributes, product, mask, batch, head, query, key);
      largest = Math.max(largest, scores[key]);
    }
    let total = 0;
    const sums = new Float64Array(size);
    for (let key = 0; key < keys; key++) {
      if (scores[key] === NOTHING) continue;
      const weight = Math.exp(scores[key] - largest);
      total += weight;
      const atV = rowStart(attributes, keys, batch, key, head);
      for (let c = 0; c < size; c++) sums[c] += weight * v[atV + c];
    }
    for (let c = 0; c < size; c++) out[atQ + c] = total === 0 ? 0 : sums[c] / total;
    logSumExp[(batch * queries + query) * heads + head] = total === 0 ? 0 : largest + Math.log(total);
  });
}

/** Operands: q, k, v, dout, statistics, mask, dq. */
export function queryGradientLoop(call: Call): void {
  const { attributes, operands } = call;
  const [q, k, v, dout, statistics, mask, dq] = operands;
  const { heads, queries, keys, size, scale } = attributes;
  eachRow(call, queries, (batch, head, query) => {
    const at = rowStart(attributes, queries, batch, query, head);
    const statistic = 2 * ((batch * queries + query) * heads + head);
    const sums = new Float64Array(size);
    for (let key = 0; key < keys; key++) {
      const atKey = rowStart(attributes, keys, batch, key, head);
      const score = scoreOf(attributes, dot(q, at, k, atKey, size), mask, batch, head, query, key);
      if (score === NOTHING) continue;
      const weight = Math.exp(score - statistics[statistic]);
      const slope = weight * (dot(dout, at, v, atKey, size) - statistics[statistic + 1]) * scale;
      for (let c = 0; c < size; c++) sums[c] += slope * k[atKey + c];
    }
    for (let c = 0; c < size; c++) dq[at + c] = sums[c];
  });
}

/** Operands: q, k, v, dout, statistics, mask, dk, dv. */
export function keyGradientLoop(call: Call): void {
  const { attributes, operands } = call;
  const [q, k, v, dout, statistics, mask, dk, dv] = operands;
  const { heads, queries, keys, size, scale } = attributes;
  eachRow(call, keys, (batch, head, key) => {
    const at = rowStart(attributes, keys, batch, key, head);
    const [keySums, valueSums] = [new Float64Array(size), new Float64Array(size)];
    for (let query = 0; query < queries; query++) {
      const atQuery = rowStart(attributes, queries, batch, query, head);
      const score = scoreOf(attributes, dot(q, atQuery, k, at, size), mask, batch, head, query, key);
      if (score === NOTHING) continue;
      const statistic = 2 * ((batch * queries + query) * heads + head);
      const weight = Math.exp(score - statistics[statistic]);
      const slope = weight * (dot(dout, atQuery, v, at, size) - statistics[statistic + 1]) * scale;
      for (let c = 0; c < size; c++) {
        keySums[c] += slope * q[atQuery + c];
        valueSums[c] += weight * dout[atQuery + c];
      }
    }
    for (let c = 0; c < size; c++) {
      dk[at + c] = keySums[c];
      dv[at + c] = valueSums[c];
    }
  });
}
