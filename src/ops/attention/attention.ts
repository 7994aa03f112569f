/**
 * Scaled dot-product attention (Vaswani et al., "Attention is all you need", 2017, section 3.2.1), head by head:
 *
 *     s_ij = scale (q_i . k_j) + mask_ij        p_ij = e^(s_ij) / sum over j of e^(s_ij)        out_i = sum over j of p_ij v_j
 *
 * Short sequences are two products with a softmax between them, and the backward pass computes p again rather than keep it.
 *
 * For long ones, and with `causal`, p is never in memory, as in FlashAttention (Dao et al., 2022): what is kept for the
 * backward pass is the logarithm L_i of each row's sum, with which p_ij = e^(s_ij - L_i). With D_i = dout_i . out_i,
 *
 *     dv_j = sum over i of p_ij dout_i            ds_ij = p_ij (dout_i . v_j - D_i)
 *     dq_i = scale sum over j of ds_ij k_j        dk_j = scale sum over i of ds_ij q_i
 *
 * dq has a kernel that goes along keys, dk and dv one that goes along queries: each result is added up by one invocation in a
 * fixed order.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import {
  broadcastShapes,
  broadcastStrides,
  sameShape,
  type Shape,
  shapeError,
  showShape,
} from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { full } from '../core/constant.js';
import { emptyTensor } from '../core/strided-copy.js';
import { softmax } from '../norm/softmax.js';
import { softmaxGradientKernel } from '../norm/masked-softmax.js';
import { add } from '../pointwise/add.js';
import { multiply } from '../pointwise/multiply.js';
import { matmul } from '../product/matmul.js';
import { sumTo } from '../shape/broadcast.js';
import { type AttentionAttributes, MAX_HEAD_SIZE, NO_STRIDES } from './attention-attributes.js';
import {
  attentionKernel,
  attentionKeyGradientKernel,
  attentionQueryGradientKernel,
  attentionStatisticsKernel,
} from './attention-kernels.js';

interface AttentionSettings {
  readonly scale: number;
  readonly causal: boolean;
  readonly masked: boolean;
  /** By the kernels of attention, else by products and a softmax. */
  readonly tiled: boolean;
}

/** Inputs: q, k, v, a mask or not, and where it is tiled, the logarithms that the forward pass writes for the backward pass. */
function inputsOf({ masked, tiled }: AttentionSettings, inputs: readonly Tensor[]) {
  const [q, k, v] = inputs;
  return { q, k, v, mask: masked ? inputs[3] : null, logSumExp: tiled ? inputs[inputs.length - 1] : null };
}

type Inputs = ReturnType<typeof inputsOf>;

export const attentionOperation: Operation<AttentionSettings> = {
  name: 'attention',
  shape(settings, inputs) {
    const { q, k, v, mask } = inputsOf(settings, inputs);
    for (const [tensor, role] of [
      [q, 'query'],
      [k, 'key'],
      [v, 'value'],
    ] as const) {
      expectDtype('attention', tensor, 'float32', role);
      if (tensor.shape.length !== 4) {
        throw shapeError(
          'attention',
          `the ${role} has shape ${showShape(tensor.shape)}, not [batch, rows, heads, size]`,
          'reshape [batch, rows, heads * size] to [batch, rows, heads, size]',
        );
      }
    }
    const [batch, queries, heads, size] = q.shape;
    const [keyBatch, keys, keyHeads, keySize] = k.shape;
    if (!sameShape(k.shape, v.shape) || keyBatch !== batch || keyHeads !== heads || keySize !== size) {
      throw shapeError(
        'attention',
        `queries ${showShape(q.shape)}, keys ${showShape(k.shape)} and values ${showShape(v.shape)} do not fit`,
        'keys and values have one shape, which differs from that of the queries in the number of rows alone',
      );
    }
    if (size < 1 || size > MAX_HEAD_SIZE) {
      throw shapeError(
        'attention',
        `heads of ${size} are not of 1 to ${MAX_HEAD_SIZE}`,
        'use more heads of fewer columns',
      );
    }
    if (mask !== null) checkMask(mask, [batch, heads, queries, keys]);
    return q.shape;
  },
  forward(settings, inputs, shape) {
    const given = inputsOf(settings, inputs);
    const { q, k, v, mask, logSumExp } = given;
    if (!settings.tiled) return matmul(probabilities(settings, given), v, { headsB: true, headsOut: true });
    return emit(attentionKernel, attributesOf(settings, given), [q, k, v, mask, logSumExp], shape);
  },
  gradient({ attributes: settings, inputs, output, gradient, wanted }) {
    const given = inputsOf(settings, inputs);
    const found = settings.tiled
      ? tiledGradients(settings, given, output, gradient, wanted)
      : productGradients(settings, given, gradient, wanted);
    return [...found, ...(settings.tiled ? [null] : [])];
  },
};

const SCORES = { headsA: true, headsB: true, transposeB: true } as const;

/** [batch, heads, queries, keys]. */
function probabilities({ scale }: AttentionSettings, { q, k, mask }: Inputs): Tensor {
  const scores = matmul(multiply(q, scale), k, SCORES);
  return softmax(scores, mask === null ? {} : { mask });
}

/** Gradients of q, k, v and the mask where there is one; the probabilities are computed again. */
function productGradients(
  settings: AttentionSettings,
  given: Inputs,
  gradient: Tensor,
  wanted: readonly boolean[],
): (Tensor | null)[] {
  const { q, k, v, mask } = given;
  const { scale } = settings;
  const p = probabilities(settings, given);
  const dv = wanted[2] ? matmul(p, gradient, { transposeA: true, headsB: true, headsOut: true }) : null;
  const wantsMask = mask?.dtype === 'float32' && wanted[3];
  const slopes = wanted[0] || wanted[1] || wantsMask ? scoreGradient(p, matmul(gradient, v, SCORES)) : p;
  const dq = wanted[0] ? multiply(matmul(slopes, k, { headsB: true, headsOut: true }), scale) : null;
  const dk = wanted[1]
    ? multiply(matmul(slopes, q, { transposeA: true, headsB: true, headsOut: true }), scale)
    : null;
  return [dq, dk, dv, ...(mask === null ? [] : [wantsMask ? sumTo(slopes, mask.shape) : null])];
}

/** ds of the probabilities p and what the loss has as their gradient. */
function scoreGradient(p: Tensor, dp: Tensor): Tensor {
  const columns = p.shape[p.shape.length - 1];
  const attributes = { rows: columns === 0 ? 0 : p.length / columns, columns, logarithm: false };
  return emit(softmaxGradientKernel, attributes, [p, dp], p.shape);
}

function tiledGradients(
  settings: AttentionSettings,
  given: Inputs,
  output: Tensor,
  gradient: Tensor,
  wanted: readonly boolean[],
): (Tensor | null)[] {
  const { q, k, v, mask, logSumExp } = given;
  const attributes = attributesOf(settings, given);
  const { batch, queries, heads, size } = attributes;
  const statistics = emit(
    attentionStatisticsKernel,
    { rows: batch * queries * heads, columns: size },
    [logSumExp, output, gradient],
    [batch, queries, heads, 2],
  );
  const operands = [q, k, v, gradient, statistics, mask];
  const dq = wanted[0] ? emit(attentionQueryGradientKernel, attributes, operands, q.shape) : null;
  const wantsKeys = wanted[1] || wanted[2];
  const dk = wantsKeys ? emptyTensor(k.shape, 'float32') : null;
  const dv = wantsKeys ? emit(attentionKeyGradientKernel, attributes, [...operands, dk], v.shape) : null;
  if (mask === null) return [dq, dk, dv];
  return [
    dq,
    dk,
    dv,
    mask.dtype === 'float32' && wanted[3] ? maskGradient(settings, given, mask, gradient) : null,
  ];
}

function checkMask(mask: Tensor, scores: readonly number[]): void {
  if (mask.dtype !== 'int32' && mask.dtype !== 'float32') {
    throw shapeError(
      'attention',
      `the mask has dtype ${mask.dtype}, not int32 or float32`,
      'an int32 mask is 1 where keys count, a float32 mask is added to the scores',
    );
  }
  if (!sameShape(broadcastShapes('attention', scores, mask.shape), scores)) {
    throw shapeError(
      'attention',
      `a mask of shape ${showShape(mask.shape)} does not broadcast to the scores ${showShape(scores)}`,
      'scores are [batch, heads, queries, keys]; a mask of keys alone is [batch, 1, 1, keys]',
    );
  }
}

function attributesOf({ scale, causal }: AttentionSettings, { q, k, mask }: Inputs): AttentionAttributes {
  const [batch, queries, heads, size] = q.shape;
  const keys = k.shape[1];
  const sizes = { batch, heads, queries, keys, size, scale, causal };
  if (mask === null) return { ...sizes, mask: 'none', strides: NO_STRIDES };
  const [ofBatch, ofHead, ofQuery, ofKey] = broadcastStrides(mask.shape, [batch, heads, queries, keys]);
  const strides = { batch: ofBatch, head: ofHead, query: ofQuery, key: ofKey };
  return { ...sizes, mask: mask.dtype === 'int32' ? 'counts' : 'added', strides };
}

/** ds added up over what the mask is repeated along. Few long masks are learned: ds is in memory for this one. */
function maskGradient(settings: AttentionSettings, given: Inputs, mask: Tensor, gradient: Tensor): Tensor {
  const { q, k, v } = given;
  if (k.shape[1] === 0) return full(mask.shape, 0);
  const masked = settings.causal ? add(mask, causalMask(q.shape[1], k.shape[1])) : mask;
  const p = probabilities(settings, { ...given, mask: masked });
  return sumTo(scoreGradient(p, matmul(gradient, v, SCORES)), mask.shape);
}

/** [queries, keys], float32: 0 where a key stands at or before the query, else -Infinity. */
function causalMask(queries: number, keys: number): Tensor {
  const values = Float32Array.from({ length: queries * keys }, (_, i) =>
    i % keys > Math.floor(i / keys) ? Number.NEGATIVE_INFINITY : 0,
  );
  return tensor(values, [queries, keys]);
}

/**
 * Up to so many rows, and so many scores in all, scores are products in memory, gone after their layer: 64 MiB, half of what
 * every GPU binds. What is longer takes the kernels that keep none. The rule knows no device: results do not change with it.
 */
const LONGEST_PRODUCTS = 384;
const MOST_PRODUCTS = 2 ** 24;

function isTiled(q: Shape, k: Shape, causal: boolean): boolean {
  const [batch = 0, queries = 0, heads = 0] = q;
  const keys = k[1] ?? 0;
  const isLong = Math.max(queries, keys) > LONGEST_PRODUCTS || batch * heads * queries * keys > MOST_PRODUCTS;
  // A softmax of no keys is no operation.
  return causal || isLong || keys === 0;
}

/** Which keys count for a query, and by how much its scores are multiplied. */
export interface AttentionOptions {
  /**
   * Broadcast to the scores [batch, heads, queries, keys]. int32: keys count where it is not 0; float32: added to the
   * scores, -Infinity where a key shall not count. Default: all keys count.
   */
  readonly mask?: TensorLike;
  /**
   * A key counts only where its place is at most the query's: both count from 0, also where there are more of one. Together
   * with a mask, both must let it count. Default false.
   */
  readonly causal?: boolean;
  /** Factor of the scores. Default 1 / sqrt(size of a head). */
  readonly scale?: number;
}

const NAMES: OptionNames<AttentionOptions> = { mask: true, causal: true, scale: true };

/**
 * Attention of queries [batch, queries, heads, size] to keys and values [batch, keys, heads, size]: each head's mean of the
 * values, weighted by the softmax of the scores. float32, of the shape of the queries; heads of 1 to 256.
 *
 * A query for which no key counts gives zeros, where PyTorch gives NaN, and has no part in any gradient. In a float32 mask
 * -Infinity says that a key does not count. A row of nothing but very large negative numbers still has a mean; its gradients
 * lose their digits above 384 rows. What does not count must be finite all the same: 0 times NaN may be NaN.
 * Above 384 rows memory grows with their number, never with queries times keys, but for the gradient of a float32 mask.
 *
 * Throws AttuneError 'shape' when they do not fit or the scale is not finite, 'usage' for an unknown option.
 */
export function attention(
  q: TensorLike,
  k: TensorLike,
  v: TensorLike,
  options: AttentionOptions = {},
): Tensor {
  refuseUnknownOptions(options, NAMES, 'attention');
  const queries = asTensor(q);
  const { mask, causal = false } = options;
  if (options.scale !== undefined && !Number.isFinite(options.scale))
    throw shapeError('attention', `the scale ${options.scale} is not finite`, 'give a number, or none');
  const settings = {
    scale: options.scale ?? 1 / Math.sqrt(queries.shape[queries.shape.length - 1] ?? 1),
    causal,
    masked: mask !== undefined,
    tiled: isTiled(queries.shape, k.shape, causal),
  };
  const logSumExp = settings.tiled ? [emptyTensor(queries.shape.slice(0, -1), 'float32')] : [];
  return apply(attentionOperation, settings, [
    queries,
    k,
    v,
    ...(mask === undefined ? [] : [mask]),
    ...logSumExp,
  ]);
}
