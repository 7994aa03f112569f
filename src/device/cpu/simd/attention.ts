/**
 * Attention, the entries of src/ops/attention/attention-kernels.ts, block by block of 48 rows of one head.
 *
 * Scores of a block are a product of packed panels, as in matmul.ts, and so is what they weigh; between the two they stay in
 * the workspace, and with them the panels of a head, which its blocks share. Products run in this order:
 *
 *     forward           S = Q K^T         out = P V
 *     query gradient    S = Q K^T         G = dO V^T         dQ = dS K
 *     key gradient      S^T = K Q^T       G^T = V dO^T       dV = P^T dO       dK = dS^T Q
 */
import { combine, packColumns, packRows, panelBytes, scores, scoreStride, sharedBytes, vectorBytes } from './attention-products';
import { finishScores, maskStart, softmaxRow, weighRow, weighRowByVectors } from './attention-rows';
import { BLOCK_ROWS } from './layout';
import { advance, read, write } from './lanes';
import { BLOCK_BYTES, sumOfLanes } from './rows';
import { multiplyAdd } from './tile';

/** The last row of a block that ends with the head's last one. */
// @ts-ignore: decorator
@inline
function rowsOfBlock(block: i32, rows: i32): i32 {
  return min(BLOCK_ROWS, rows - block * BLOCK_ROWS);
}

/** Units begin <= u < end: blocks of queries, head after head. `kind` is 0 without a mask, 1 for int32, 2 for float32. */
export function attention(
  q: usize, k: usize, v: usize, mask: usize, logSumExp: usize, out: usize, workspace: usize, begin: i32, end: i32,
  heads: i32, queries: i32, keys: i32, size: i32, scale: f32, causal: bool,
  kind: i32, maskBatch: i32, maskHead: i32, maskQuery: i32, maskKey: i32,
): void {
  const stride = <usize>(heads * size) * 4;
  const blocks = (queries + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const keyPanels = workspace + sharedBytes();
  const valuePanels = keyPanels + panelBytes(size, keys);
  const block = valuePanels + panelBytes(size, keys);
  const rowBytes = scoreStride(keys);
  const inverses = block + <usize>BLOCK_ROWS * rowBytes;
  let packed = -1;
  for (let unit = begin; unit < end; unit++) {
    const product = unit / blocks;
    const batch = product / heads, head = product % heads;
    const atKeys = (<usize>batch * <usize>keys * <usize>heads + <usize>head) * <usize>size * 4;
    if (product != packed) {
      packColumns(keyPanels, k + atKeys, stride, keys, size);
      packRows(valuePanels, v + atKeys, stride, keys, size);
      packed = product;
    }
    const first = unit % blocks * BLOCK_ROWS;
    const rows = rowsOfBlock(unit % blocks, queries);
    const at = ((<usize>batch * <usize>queries + <usize>first) * <usize>heads + <usize>head) * <usize>size * 4;
    scores(workspace, q + at, stride, rows, keyPanels, size, keys, block, rowBytes);
    const masks = maskStart(mask, batch, head, maskBatch, maskHead);
    for (let row = 0; row < rows; row++) {
      const query = first + row;
      const from = block + <usize>row * rowBytes;
      const limit = causal ? min(keys, query + 1) : keys;
      finishScores(from, keys, scale, kind, masks + <usize>(query * maskQuery) * 4, <usize>maskKey * 4, 0, limit);
      const place = logSumExp + (<usize>(batch * queries + query) * <usize>heads + <usize>head) * 4;
      softmaxRow(from, <usize>keys * 4, place, inverses + <usize>row * 4);
    }
    combine(workspace, block, rowBytes, rows, valuePanels, keys, size, out + at, stride);
    for (let row = 0; row < rows; row++) {
      multiplyRow(out + at + <usize>row * stride, <usize>size * 4, load<f32>(inverses + <usize>row * 4));
    }
  }
}

// @ts-ignore: decorator
@inline
function multiplyRow(at: usize, bytes: usize, factor: f32): void {
  const end = at + bytes;
  for (; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    write(at, f32x4.mul(read(at, one), f32x4.splat(factor)), one);
  }
}

/** Rows first <= i < last: the logarithm of a query's sum, and the sum of out * dout. */
export function attentionStatistics(
  logSumExp: usize, out: usize, dout: usize, statistics: usize, first: i32, last: i32, columns: i32,
): void {
  const rowBytes = <usize>columns * 4;
  for (let row = first; row < last; row++) {
    const skip = <usize>row * rowBytes;
    let total: f64 = 0;
    for (let at: usize = 0; at < rowBytes; ) {
      const end = min(rowBytes, at + BLOCK_BYTES);
      let sum = f32x4.splat(0);
      for (; at < end; at += advance(end - at)) {
        const one = end - at < 16;
        sum = multiplyAdd(read(out + skip + at, one), read(dout + skip + at, one), sum);
      }
      total += sumOfLanes(sum);
    }
    const to = statistics + <usize>row * 8;
    store<f32>(to, load<f32>(logSumExp + <usize>row * 4));
    store<f32>(to, <f32>total, 4);
  }
}

export function attentionQueryGradient(
  q: usize, k: usize, v: usize, dout: usize, statistics: usize, mask: usize, dq: usize, workspace: usize,
  begin: i32, end: i32, heads: i32, queries: i32, keys: i32, size: i32, scale: f32, causal: bool,
  kind: i32, maskBatch: i32, maskHead: i32, maskQuery: i32, maskKey: i32,
): void {
  const stride = <usize>(heads * size) * 4;
  const blocks = (queries + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const keyColumns = workspace + sharedBytes();
  const valueColumns = keyColumns + panelBytes(size, keys);
  const keyRows = valueColumns + panelBytes(size, keys);
  const block = keyRows + panelBytes(size, keys);
  const rowBytes = scoreStride(keys);
  const slopes = block + <usize>BLOCK_ROWS * rowBytes;
  let packed = -1;
  for (let unit = begin; unit < end; unit++) {
    const product = unit / blocks;
    const batch = product / heads, head = product % heads;
    const atKeys = (<usize>batch * <usize>keys * <usize>heads + <usize>head) * <usize>size * 4;
    if (product != packed) {
      packColumns(keyColumns, k + atKeys, stride, keys, size);
      packColumns(valueColumns, v + atKeys, stride, keys, size);
      packRows(keyRows, k + atKeys, stride, keys, size);
      packed = product;
    }
    const first = unit % blocks * BLOCK_ROWS;
    const rows = rowsOfBlock(unit % blocks, queries);
    const at = ((<usize>batch * <usize>queries + <usize>first) * <usize>heads + <usize>head) * <usize>size * 4;
    scores(workspace, q + at, stride, rows, keyColumns, size, keys, block, rowBytes);
    scores(workspace, dout + at, stride, rows, valueColumns, size, keys, slopes, rowBytes);
    const masks = maskStart(mask, batch, head, maskBatch, maskHead);
    for (let row = 0; row < rows; row++) {
      const query = first + row;
      const from = block + <usize>row * rowBytes;
      const limit = causal ? min(keys, query + 1) : keys;
      finishScores(from, keys, scale, kind, masks + <usize>(query * maskQuery) * 4, <usize>maskKey * 4, 0, limit);
      const statistic = statistics + (<usize>(batch * queries + query) * <usize>heads + <usize>head) * 8;
      weighRow(from, slopes + <usize>row * rowBytes, <usize>keys * 4, statistic, scale);
    }
    combine(workspace, slopes, rowBytes, rows, keyRows, keys, size, dq + at, stride);
  }
}

export function attentionKeyGradient(
  q: usize, k: usize, v: usize, dout: usize, statistics: usize, mask: usize, dk: usize, dv: usize, workspace: usize,
  begin: i32, end: i32, heads: i32, queries: i32, keys: i32, size: i32, scale: f32, causal: bool,
  kind: i32, maskBatch: i32, maskHead: i32, maskQuery: i32, maskKey: i32,
): void {
  const stride = <usize>(heads * size) * 4;
  const blocks = (keys + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const queryColumns = workspace + sharedBytes();
  const gradientColumns = queryColumns + panelBytes(size, queries);
  const queryRows = gradientColumns + panelBytes(size, queries);
  const gradientRows = queryRows + panelBytes(size, queries);
  const block = gradientRows + panelBytes(size, queries);
  const rowBytes = scoreStride(queries);
  const slopes = block + <usize>BLOCK_ROWS * rowBytes;
  const logarithms = slopes + <usize>BLOCK_ROWS * rowBytes;
  const sums = logarithms + vectorBytes(queries);
  let packed = -1;
  for (let unit = begin; unit < end; unit++) {
    const product = unit / blocks;
    const batch = product / heads, head = product % heads;
    if (product != packed) {
      const atQueries = (<usize>batch * <usize>queries * <usize>heads + <usize>head) * <usize>size * 4;
      packColumns(queryColumns, q + atQueries, stride, queries, size);
      packColumns(gradientColumns, dout + atQueries, stride, queries, size);
      packRows(queryRows, q + atQueries, stride, queries, size);
      packRows(gradientRows, dout + atQueries, stride, queries, size);
      for (let query = 0; query < queries; query++) {
        const statistic = statistics + (<usize>(batch * queries + query) * <usize>heads + <usize>head) * 8;
        store<f32>(logarithms + <usize>query * 4, load<f32>(statistic));
        store<f32>(sums + <usize>query * 4, load<f32>(statistic, 4));
      }
      packed = product;
    }
    const first = unit % blocks * BLOCK_ROWS;
    const rows = rowsOfBlock(unit % blocks, keys);
    const at = ((<usize>batch * <usize>keys + <usize>first) * <usize>heads + <usize>head) * <usize>size * 4;
    scores(workspace, k + at, stride, rows, queryColumns, size, queries, block, rowBytes);
    scores(workspace, v + at, stride, rows, gradientColumns, size, queries, slopes, rowBytes);
    const masks = maskStart(mask, batch, head, maskBatch, maskHead);
    for (let row = 0; row < rows; row++) {
      const key = first + row;
      const from = block + <usize>row * rowBytes;
      const begins = causal ? min(queries, key) : 0;
      finishScores(from, queries, scale, kind, masks + <usize>(key * maskKey) * 4, <usize>maskQuery * 4, begins, queries);
      weighRowByVectors(from, slopes + <usize>row * rowBytes, <usize>queries * 4, logarithms, sums, scale);
    }
    combine(workspace, block, rowBytes, rows, gradientRows, queries, size, dv + at, stride);
    combine(workspace, slopes, rowBytes, rows, queryRows, queries, size, dk + at, stride);
  }
}
