/** What a vision Transformer is made of, by torchvision's names. */
import {
  Dropout,
  GELU,
  type Initializer,
  LayerNorm,
  Linear,
  Module,
  MultiheadAttention,
  Sequential,
  StochasticDepth,
  type Training,
} from '../nn/index.js';
import { add, concat, reshape, resize, slice } from '../ops/index.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';

/** Sizes of a vision Transformer. */
export interface ViTSizes {
  /** Side of a patch. */
  readonly patch: number;
  readonly layers: number;
  readonly heads: number;
  readonly channels: number;
  /** Channels between the two linear layers of a block. */
  readonly feedForward: number;
  /** Tokens before the patches: the class token, and DeiT's distillation token. Default 1. */
  readonly tokens?: 1 | 2;
}

/** What its norms add, and how often parts are left out in a pass that trains. */
export interface ViTSettings {
  readonly epsilon: number;
  /** An element behind the positions, the attention or a linear layer. */
  readonly dropout: number;
  /** A probability of the attention. */
  readonly attentionDropout: number;
}

/** Deviation of initial biases and positions. */
const BIAS_DEVIATION = 1e-6;
const POSITION_DEVIATION = 0.02;

/** A linear layer with torchvision's initial values for these networks. */
class GlorotLinear extends Linear {
  override readonly weight: Parameter;
  override readonly bias: Parameter;

  constructor(inputs: number, outputs: number, initializer: Initializer) {
    super(inputs, outputs, initializer);
    this.weight = new Parameter(initializer.glorotUniform([inputs, outputs]), [inputs, outputs]);
    this.bias = new Parameter(initializer.normal([outputs], BIAS_DEVIATION), [outputs]);
  }
}

/** A pre-norm block: attention, and two linear layers with the exact GELU between them, each a residual branch. */
export class EncoderBlock extends Module {
  readonly ln_1: LayerNorm;
  readonly self_attention: MultiheadAttention;
  readonly dropout: Dropout;
  readonly ln_2: LayerNorm;
  readonly mlp: Sequential;
  private readonly attentionDepth = new StochasticDepth();
  private readonly mlpDepth = new StochasticDepth();

  constructor(sizes: ViTSizes, settings: ViTSettings, initializer: Initializer) {
    super();
    const { epsilon, dropout, attentionDropout } = settings;
    const { channels, heads, feedForward } = sizes;
    this.ln_1 = new LayerNorm(channels, { epsilon });
    this.self_attention = new MultiheadAttention(channels, heads, { dropout: attentionDropout }, initializer);
    this.dropout = new Dropout(dropout);
    this.ln_2 = new LayerNorm(channels, { epsilon });
    this.mlp = new Sequential(
      new GlorotLinear(channels, feedForward, initializer),
      new GELU(),
      new Dropout(dropout),
      new GlorotLinear(feedForward, channels, initializer),
      new Dropout(dropout),
    );
  }

  /** Tokens [batch, length, channels], of its shape; `probabilities` as for the attention's `forward`. */
  override forward(x: TensorLike, training?: Training, probabilities?: Tensor[]): Tensor {
    const seen = this.self_attention.forward(this.ln_1.forward(x), training, probabilities);
    const y = add(this.attentionDepth.forward(this.dropout.forward(seen, training), training), x);
    const wide = this.mlp.forward(this.ln_2.forward(y), training);
    return add(this.mlpDepth.forward(wide, training), y);
  }
}

/** The blocks, named as torchvision counts them. */
export class EncoderLayers extends Module {
  readonly blocks: readonly EncoderBlock[];

  constructor(blocks: readonly EncoderBlock[]) {
    super();
    this.blocks = blocks;
  }

  override members(): Iterable<readonly [string, unknown]> {
    return this.blocks.map((block, i) => [`encoder_layer_${i}`, block]);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.blocks.reduce((y, block) => block.forward(y, training), x as Tensor);
  }
}

/** Positions, blocks and the last norm. */
export class Encoder extends Module {
  /** [1, tokens + side * side, channels]; those of the tokens, then those of the patches, rows from the top. */
  readonly pos_embedding: Parameter;
  readonly dropout: Dropout;
  readonly layers: EncoderLayers;
  readonly ln: LayerNorm;
  private readonly tokens: number;

  /** `side` is how many patches stand in a row of the images that the positions are for. */
  constructor(side: number, sizes: ViTSizes, settings: ViTSettings, initializer: Initializer) {
    super();
    const { layers, channels, tokens = 1 } = sizes;
    const { epsilon, dropout } = settings;
    const shape = [1, tokens + side * side, channels];
    const blocks = Array.from({ length: layers }, () => new EncoderBlock(sizes, settings, initializer));
    this.tokens = tokens;
    // As in the Transformers that are trained today, nothing pulls a position towards zero.
    this.pos_embedding = new Parameter(initializer.normal(shape, POSITION_DEVIATION), shape, {
      decay: false,
    });
    this.dropout = new Dropout(dropout);
    this.layers = new EncoderLayers(blocks);
    this.ln = new LayerNorm(channels, { epsilon });
  }

  /**
   * The positions of images of height x width patches. Where they are others than the stored ones, those of the patches are
   * resized by a cubic as an image would be, corners onto corners (torchvision's `interpolate_embeddings`); those of the
   * tokens before them stay.
   */
  positions(height: number, width: number): Tensor {
    const { pos_embedding, tokens } = this;
    const [, length, channels] = pos_embedding.shape;
    const side = Math.sqrt(length - tokens);
    if (height === side && width === side) return pos_embedding.tensor();
    const first = slice(pos_embedding, [0, 0, 0], [1, tokens, channels]);
    const patches = slice(pos_embedding, [0, tokens, 0], [1, length - tokens, channels]);
    const size = [height, width] as const;
    const image = reshape(patches, [1, side, side, channels]);
    const resized = resize(image, { size, mode: 'bicubic', alignCorners: true });
    return concat([first, reshape(resized, [1, height * width, channels])], 1);
  }

  /** Tokens with their positions [batch, length, channels], of its shape. */
  override forward(x: TensorLike, training?: Training): Tensor {
    return this.ln.forward(this.layers.forward(this.dropout.forward(x, training), training));
  }
}
