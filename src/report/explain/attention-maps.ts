/**
 * What the class token of a vision Transformer attends to, through all blocks: the attention probabilities A of each block
 * [heads, tokens, tokens] become one matrix M, and the map is the class token's row of M_n ... M_1 over the patches.
 */
import { AttuneError } from '../../errors.js';
import type { AttentionPass, Network } from '../../models/index.js';
import { gradients, mean, multiply, relu } from '../../ops/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { chosen, type Explained, type HeatMap, networkInput } from './explained.js';

/**
 * Attention rollout (Abnar and Zuidema, "Quantifying attention flow in transformers", ACL 2020), the same for every class:
 *
 *     M = mean over heads of A, plus identity, each row divided by its sum
 */
export async function attentionRollout(network: Explained, pixels: Uint8Array): Promise<HeatMap> {
  const found = await blockMeans(network, pixels, ({ probabilities }) => probabilities);
  return mapOf(found, (row, block, tokens) => {
    // The row that a token passes on is its own over its sum.
    const shares = row.map((value, i) => value / (1 + sumOf(block, i * tokens, tokens)));
    return plusProduct(shares, block, tokens);
  });
}

/**
 * Attention weighted by its gradient (Chefer, Gur and Wolf, "Generic attention-model explainability for interpreting bi-modal
 * and encoder-decoder transformers", ICCV 2021, equations 5 and 6), of the class's logit y:
 *
 *     M = identity plus mean over heads of ReLU(dy / dA * A)
 */
export async function attentionGradients(
  network: Explained,
  pixels: Uint8Array,
  index: number,
): Promise<HeatMap> {
  const { model } = network;
  const found = await blockMeans(network, pixels, ({ features, probabilities }) => {
    const logit = chosen(model.head.forward(model.headInput(features)), index);
    const slopes = gradients(logit, probabilities);
    return probabilities.map((a, i) => relu(multiply(a, slopes[i])));
  });
  return mapOf(found, plusProduct);
}

/** The means over heads of what `made` makes of each block's probabilities, [tokens, tokens], the first block first. */
async function blockMeans(
  { device, model, preprocessing }: Explained,
  pixels: Uint8Array,
  made: (pass: AttentionPass) => readonly Tensor[],
) {
  const attention = classAttentionOf(model);
  let size = { width: 0, height: 0 };
  const blocks = await device.run(() => {
    const pass = attention.forward(networkInput(pixels, 1, preprocessing));
    size = { width: pass.columns, height: pass.rows };
    return made(pass).map((a) => mean(a, 1));
  });
  return { blocks: blocks as readonly ArrayLike<number>[], size };
}

/** The rows of the class token are all that is needed: they go down from the last block, a vector times a matrix each. */
function mapOf(
  { blocks, size }: Awaited<ReturnType<typeof blockMeans>>,
  times: (row: Float64Array, block: ArrayLike<number>, tokens: number) => Float64Array,
): HeatMap {
  const tokens = Math.sqrt(blocks[0].length);
  const first = Float64Array.from({ length: tokens }, (_, i) => (i === 0 ? 1 : 0));
  const row = blocks.reduceRight((above: Float64Array, block) => times(above, block, tokens), first);
  const values = row.slice(tokens - size.width * size.height);
  // Every patch is attended to a little: colours begin where it is least.
  return { ...size, values, least: values.reduce((least, value) => Math.min(least, value), Infinity) };
}

/** row + row B, of B [tokens, tokens]. */
function plusProduct(row: Float64Array, block: ArrayLike<number>, tokens: number): Float64Array {
  const result = Float64Array.from(row);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) result[j] += row[i] * block[i * tokens + j];
  }
  return result;
}

function sumOf(values: ArrayLike<number>, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += values[i];
  return sum;
}

function classAttentionOf(model: Network) {
  if (model.classAttention !== null) return model.classAttention;
  throw new AttuneError({
    code: 'usage',
    what: `${model.architecture} has no class token that attends to patches`,
    where: 'explain',
    hint: 'name a vision Transformer',
  });
}
