/**
 * Attention of several heads, as torch.nn.MultiheadAttention with batch_first; ops/attention/attention.ts has the
 * mathematics. Queries, keys and values of one input are one product with `in_proj_weight`.
 */
import { AttuneError } from '../errors.js';
import { add, attention, dropout, matmul, multiply, reshape, slice, softmax, where } from '../ops/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { Parameter } from '../tensor/parameter.js';
import { asTensor, type Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { constant, type Initializer, requireInitializer } from './initializers.js';
import { Linear } from './linear.js';
import { isOneTensor, Module, type NetworkInput, requireTraining, type Training } from './module.js';

/** What a layer of attention drops, adds and may look at. */
export interface MultiheadAttentionOptions {
  /** How often a probability is set to 0 in a pass that trains. Default 0. */
  readonly dropout?: number;
  /** Whether its products add a bias. Default true. */
  readonly bias?: boolean;
  /** Whether a place sees itself and those before it only. Default false. */
  readonly causal?: boolean;
}

const NAMES: OptionNames<MultiheadAttentionOptions> = { dropout: true, bias: true, causal: true };

/** Which places count, of every kind of attention. */
export interface AttentionMasks {
  /** int32 [batch, keys], 1 where a key counts, such as that of a word, and 0 for padding. Default: all count. */
  readonly keyPaddingMask?: TensorLike;
  /**
   * Broadcast to [batch, heads, queries, keys]: int32, 1 where a query sees a key; or float32, added to the scores,
   * -Infinity where it does not. Default: every query sees every key.
   */
  readonly attentionMask?: TensorLike;
}

/** Where an attention asks, and where it looks. */
export interface AttentionInput extends AttentionMasks {
  /** [batch, queries, channels]. */
  readonly query: TensorLike;
  /** [batch, keys, channels]. Default: the query. */
  readonly key?: TensorLike;
  /** [batch, keys, channels]. Default: the key. */
  readonly value?: TensorLike;
}

const INPUT_NAMES: OptionNames<AttentionInput> = {
  query: true,
  key: true,
  value: true,
  keyPaddingMask: true,
  attentionMask: true,
};

/** Queries, keys and values, one behind the other in `in_proj_weight`. */
const PARTS = 3;

/** Attention of `heads` heads, each of which has channels / heads columns. */
export class MultiheadAttention extends Module {
  readonly channels: number;
  readonly heads: number;
  readonly dropout: number;
  readonly causal: boolean;
  /** [channels, 3 channels]; the columns of queries, then keys, then values. PyTorch stores its transpose. */
  readonly in_proj_weight: Parameter;
  readonly in_proj_bias: Parameter | null;
  readonly out_proj: Linear;

  /**
   * Initial values as PyTorch's: uniform (Glorot's) for the first product, zero biases. Throws AttuneError 'usage' for
   * channels that the heads do not share evenly, for an unknown option, and without an initializer.
   */
  constructor(
    channels: number,
    heads: number,
    options: MultiheadAttentionOptions = {},
    initializer: Initializer,
  ) {
    super();
    refuseUnknownOptions(options, NAMES, 'MultiheadAttention');
    requireInitializer(initializer, 'MultiheadAttention');
    if (!Number.isInteger(heads) || heads < 1 || channels % heads !== 0) {
      throw new AttuneError({
        code: 'usage',
        what: `${channels} channels are not shared evenly by ${heads} heads`,
        where: 'MultiheadAttention',
        hint: 'give a number of heads that divides them',
      });
    }
    const { bias = true } = options;
    this.channels = channels;
    this.heads = heads;
    this.dropout = options.dropout ?? 0;
    this.causal = options.causal ?? false;
    const shape = [channels, PARTS * channels];
    this.in_proj_weight = new Parameter(initializer.glorotUniform(shape), shape);
    this.in_proj_bias = bias ? new Parameter(constant(PARTS * channels, 0), [PARTS * channels]) : null;
    this.out_proj = new Linear(channels, channels, initializer, bias);
    this.out_proj.bias?.set(new Float32Array(channels));
  }

  override torchAxes(field: string): readonly number[] | null {
    return field === 'in_proj_weight' ? [1, 0] : null;
  }

  /**
   * x [batch, length, channels], which looks at itself; or tensors by the names of `AttentionInput`. Gives [batch, queries,
   * channels]. A query that sees no key gets the bias of `out_proj` alone, where PyTorch gives NaN. Where a list of
   * `probabilities` is given, [batch, heads, queries, keys] is computed in memory, the result from it, and put there: so
   * what is made of the result has a gradient with respect to it.
   */
  override forward(x: NetworkInput, training?: Training, probabilities?: Tensor[]): Tensor {
    if (training !== undefined) requireTraining(training, 'MultiheadAttention');
    const given = isOneTensor(x) ? { query: x } : (x as unknown as AttentionInput);
    refuseUnknownOptions(given, INPUT_NAMES, 'MultiheadAttention.forward');
    const { query, key = query, value = key, ...masks } = given;
    const [q, k, v] =
      key === query && value === key ? this.#together(query) : this.#apart([query, key, value]);
    const seen = this.#attend(q, k, v, masks, training, probabilities);
    return this.out_proj.forward(reshape(seen, [...seen.shape.slice(0, 2), this.channels]));
  }

  /** Queries, keys and values of one tensor, [batch, length, heads, columns] each. */
  #together(x: TensorLike): Tensor[] {
    const product = matmul(x, this.in_proj_weight);
    const all = this.in_proj_bias === null ? product : add(product, this.in_proj_bias);
    const [batch, length] = all.shape;
    return Array.from({ length: PARTS }, (_, part) =>
      this.#byHead(slice(all, [0, 0, part * this.channels], [batch, length, this.channels])),
    );
  }

  /** The same of three tensors. */
  #apart(inputs: readonly TensorLike[]): Tensor[] {
    const { channels, in_proj_weight, in_proj_bias } = this;
    return inputs.map((input, part) => {
      const product = matmul(input, slice(in_proj_weight, [0, part * channels], [channels, channels]));
      if (in_proj_bias === null) return this.#byHead(product);
      return this.#byHead(add(product, slice(in_proj_bias, [part * channels], [channels])));
    });
  }

  #byHead(x: Tensor): Tensor {
    const [batch, length, channels] = x.shape;
    return reshape(x, [batch, length, this.heads, channels / this.heads]);
  }

  #attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    masks: AttentionMasks,
    training: Training | undefined,
    written: Tensor[] | undefined,
  ): Tensor {
    const { causal } = this;
    const drops = training !== undefined && this.dropout > 0;
    if (!drops && written === undefined) {
      const mask = maskOf(masks);
      return attention(q, k, v, { causal, ...(mask !== null && { mask }) });
    }
    // What is dropped, or asked for, are probabilities, so that they have to be there.
    const mask = maskOf(masks, causal ? triangle(q.shape[1], k.shape[1]) : undefined);
    const scores = matmul(q, k, { headsA: true, headsB: true, transposeB: true });
    const scaled = multiply(scores, 1 / Math.sqrt(q.shape[3]));
    const probabilities = softmax(scaled, mask === null ? {} : { mask });
    written?.push(probabilities);
    const kept = drops ? dropout(probabilities, this.dropout, training.random) : probabilities;
    return matmul(kept, v, { headsB: true, headsOut: true });
  }
}

/** One mask that says what all of them do, or null where there is none. */
function maskOf({ keyPaddingMask, attentionMask }: AttentionMasks, causal?: Tensor): Tensor | null {
  const masks = [attentionMask, causal].flatMap((mask) => (mask === undefined ? [] : [asTensor(mask)]));
  if (keyPaddingMask !== undefined) {
    const [batch, keys] = keyPaddingMask.shape;
    masks.push(reshape(keyPaddingMask, [batch, 1, 1, keys]));
  }
  if (masks.length < 2) return masks[0] ?? null;
  const never = tensor([Number.NEGATIVE_INFINITY], []);
  return masks.reduce((all: Tensor, mask) => {
    if (mask.dtype === 'int32') return where(mask, all.dtype === 'int32' ? where(all, 0, never) : all, never);
    return add(all, mask);
  });
}

/** int32 [queries, keys]: 1 where the key is not behind the query. */
function triangle(queries: number, keys: number): Tensor {
  const values = Int32Array.from({ length: queries * keys }, (_, i) =>
    i % keys <= Math.floor(i / keys) ? 1 : 0,
  );
  return tensor(values, [queries, keys]);
}
