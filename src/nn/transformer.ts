/**
 * A layer of a Transformer's encoder (Vaswani et al., "Attention is all you need", 2017), as torch.nn.TransformerEncoderLayer
 * with batch_first: attention, and two linear layers place by place, each a residual branch with a layer norm.
 *
 *     post-norm      x = norm1(x + attention(x))      y = norm2(x + linear2(activation(linear1(x))))
 *     pre-norm       x = x + attention(norm1(x))      y = x + linear2(activation(linear1(norm2(x))))
 */
import { add, gelu, relu } from '../ops/index.js';
import { type OptionNames, refuseUnknownKind, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type AttentionMasks, MultiheadAttention } from './attention.js';
import { type Initializer, requireInitializer } from './initializers.js';
import { Dropout } from './layers.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { isOneTensor, Module, type NetworkInput, requireTraining, type Training } from './module.js';

const ACTIVATIONS = { relu, gelu: (x: TensorLike) => gelu(x) } as const;

/** How wide a layer of an encoder is, and in which order it computes. */
export interface TransformerEncoderLayerOptions {
  /** Channels between its two linear layers. Default 2048. */
  readonly feedForward?: number;
  /** How often a probability of the attention, or an element behind a linear layer, is set to 0 in a pass that trains. Default 0.1. */
  readonly dropout?: number;
  /** Behind the first linear layer; gelu is the exact one. Default relu. */
  readonly activation?: keyof typeof ACTIVATIONS;
  /** Added to the variances. Default 1e-5. */
  readonly epsilon?: number;
  /** Whether the norms come before attention and linear layers (pre-norm), rather than behind the sums. Default false. */
  readonly normFirst?: boolean;
  /** Whether a place sees itself and those before it only. Default false. */
  readonly causal?: boolean;
}

const NAMES: OptionNames<TransformerEncoderLayerOptions> = {
  feedForward: true,
  dropout: true,
  activation: true,
  epsilon: true,
  normFirst: true,
  causal: true,
};

/** Tokens, and which of them count. */
export interface TransformerInput extends AttentionMasks {
  /** [batch, length, channels]. */
  readonly x: TensorLike;
}

const INPUT_NAMES: OptionNames<TransformerInput> = { x: true, keyPaddingMask: true, attentionMask: true };

/** Attention and a feed-forward part, by PyTorch's names. */
export class TransformerEncoderLayer extends Module {
  readonly activation: keyof typeof ACTIVATIONS;
  readonly normFirst: boolean;
  readonly self_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  /**
   * `channels` are shared by `heads`. Throws AttuneError 'usage' for heads that do not share them evenly, for an unknown
   * option or activation, and without an initializer.
   */
  constructor(
    channels: number,
    heads: number,
    options: TransformerEncoderLayerOptions = {},
    initializer: Initializer,
  ) {
    super();
    refuseUnknownOptions(options, NAMES, 'TransformerEncoderLayer');
    requireInitializer(initializer, 'TransformerEncoderLayer');
    const {
      feedForward = 2048,
      dropout = 0.1,
      activation = 'relu',
      epsilon = 1e-5,
      causal = false,
    } = options;
    refuseUnknownKind(activation, ACTIVATIONS, 'activation', 'TransformerEncoderLayer');
    this.activation = activation;
    this.normFirst = options.normFirst ?? false;
    this.self_attn = new MultiheadAttention(channels, heads, { dropout, causal }, initializer);
    this.linear1 = new Linear(channels, feedForward, initializer);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(feedForward, channels, initializer);
    this.norm1 = new LayerNorm(channels, { epsilon });
    this.norm2 = new LayerNorm(channels, { epsilon });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
  }

  /** x [batch, length, channels], alone or with masks by the names of `TransformerInput`: of its shape. */
  override forward(input: NetworkInput, training?: Training): Tensor {
    if (training !== undefined) requireTraining(training, 'TransformerEncoderLayer');
    const given = isOneTensor(input) ? { x: input } : (input as unknown as TransformerInput);
    refuseUnknownOptions(given, INPUT_NAMES, 'TransformerEncoderLayer.forward');
    const { x, ...masks } = given;
    const { norm1, norm2, normFirst } = this;
    const attend = (y: TensorLike) =>
      this.dropout1.forward(this.self_attn.forward({ query: y, ...masks }, training), training);
    if (normFirst) {
      const seen = add(x, attend(norm1.forward(x)));
      return add(seen, this.#feedForward(norm2.forward(seen), training));
    }
    const seen = norm1.forward(add(x, attend(x)));
    return norm2.forward(add(seen, this.#feedForward(seen, training)));
  }

  #feedForward(x: Tensor, training?: Training): Tensor {
    const wide = ACTIVATIONS[this.activation](this.linear1.forward(x));
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(wide, training)), training);
  }
}
