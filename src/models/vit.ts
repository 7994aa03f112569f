/**
 * Vision Transformers (Dosovitskiy et al., "An image is worth 16x16 words: Transformers for image recognition at scale",
 * ICLR 2021, table 1): torchvision's graph, layer by layer and name by name.
 *
 *     images          [batch, H, W, 3]
 *     conv_proj       patches of P x P pixels to vectors            H / P * W / P tokens
 *     class_token     before them                                   1 + H / P * W / P
 *     pos_embedding   added to them
 *                     tiny: 12 blocks of 192 channels, 3 heads; small: 12 of 384, 6 (Touvron et al., "Training
 *                     data-efficient image transformers", ICML 2021, table 1); base: 12 of 768, 12; large: 24 of 1024, 16
 *     encoder.layers  attention, then two linear layers with GELU, each behind a layer norm
 *     encoder.ln      layer norm; features are the class token
 *     heads.head      classes
 */
import { AttuneError } from '../errors.js';
import { Conv2d, Initializer, Linear, Module, type Training } from '../nn/index.js';
import { add, concat, pad, reshape, slice } from '../ops/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { Parameter } from '../tensor/parameter.js';
import { shapeError, showShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import {
  countWhile,
  type Family,
  type FineTuning,
  type LibraryNames,
  hasShape,
  type ModelEntry,
  type ModelOptions,
  type Shapes,
} from './family.js';
import type { ModelName } from './names.js';
import {
  type ClassAttention,
  type FeatureShape,
  type FeatureStage,
  type Head,
  joinBlocks,
  type LayerBlock,
  Network,
  type NetworkConstants,
} from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import { Encoder, type ViTSizes } from './vit-blocks.js';
import { HUGGING_FACE_VIT, TIMM_NAMES, TIMM_VIT, VIT_NAMINGS } from './vit-naming.js';

/** The head and the initial values of a vision Transformer, and what it leaves out in training. */
export interface ViTOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
  /** Side of the images that its stored positions are for; images of other sizes have positions between them. Default: its own, 224. */
  readonly imageSize?: number;
  /** How often an element behind positions, attention and linear layers is set to 0 in a pass that trains. Default 0. */
  readonly dropout?: number;
  /** How often a probability of the attention is. Default 0. */
  readonly attentionDropout?: number;
  /** What its norms add to a variance. Default 1e-6, torchvision's and timm's; files of Hugging Face's are for 1e-12. */
  readonly epsilon?: number;
}

export const VIT_OPTIONS: OptionNames<ViTOptions> = {
  classes: true,
  seed: true,
  imageSize: true,
  dropout: true,
  attentionDropout: true,
  epsilon: true,
};

export const TINY = { layers: 12, heads: 3, channels: 192, feedForward: 768 };
export const SMALL = { layers: 12, heads: 6, channels: 384, feedForward: 1536 };
export const BASE = { layers: 12, heads: 12, channels: 768, feedForward: 3072 };
const LARGE = { layers: 24, heads: 16, channels: 1024, feedForward: 4096 };

/** Side of the images that the published positions are for. */
export const IMAGE_SIZE = 224;

/** torchvision's, in place of PyTorch's 1e-5. */
const EPSILON = 1e-6;

/** torchvision's `heads`, which has one layer. */
class Heads extends Module {
  head: Head;

  constructor(head: Head) {
    super();
    this.head = head;
  }

  override forward(x: TensorLike): Tensor {
    return this.head.forward(x);
  }
}

export class VisionTransformer extends Network {
  override readonly architecture: string;
  override readonly headName = 'heads.head';
  override readonly featureShape = 'sequence';
  override readonly heads: readonly FeatureShape[] = ['pooled'];
  readonly class_token: Parameter;
  /** DeiT's (deit.ts). */
  readonly distillation_token: Parameter | null;
  readonly conv_proj: Conv2d;
  readonly encoder: Encoder;
  /** torchvision's `heads`, which is something else here. */
  private readonly top: Heads;
  private readonly sizes: ViTSizes;

  constructor(architecture: string, sizes: ViTSizes, options: ViTOptions) {
    super();
    refuseUnknownOptions(options, VIT_OPTIONS, architecture);
    const { patch, channels, tokens = 1 } = sizes;
    const { classes = 1000, dropout = 0, attentionDropout = 0, epsilon = EPSILON } = options;
    const initializer = new Initializer(options.seed);
    this.architecture = architecture;
    this.sizes = sizes;
    this.class_token = newToken(channels);
    this.distillation_token = tokens > 1 ? newToken(channels) : null;
    this.conv_proj = new PatchProjection(sizes, initializer);
    this.encoder = new Encoder(
      patchesOf(options.imageSize ?? IMAGE_SIZE, patch, architecture),
      sizes,
      { epsilon, dropout, attentionDropout },
      initializer,
    );
    this.top = new Heads(new Linear(tokens * channels, classes, initializer));
  }

  override members(): Iterable<readonly [string, unknown]> {
    const { class_token, distillation_token, conv_proj, encoder, top } = this;
    return Object.entries({
      class_token,
      ...(distillation_token !== null && { distillation_token }),
      conv_proj,
      encoder,
      heads: top,
    });
  }

  override get head(): Head {
    return this.top.head;
  }

  override set head(head: Head) {
    this.top.head = head;
  }

  override get constants(): NetworkConstants {
    return { epsilon: this.encoder.ln.epsilon };
  }

  /** Tokens [batch, 1 + patches, channels] behind each block; behind the last one normalised. */
  override get stages(): readonly FeatureStage[] {
    const { patch: stride, channels } = this.sizes;
    const { layers, ln } = this.encoder;
    return layers.blocks.map((block, i) => {
      const isLast = i === layers.blocks.length - 1;
      return {
        name: isLast ? 'encoder.ln' : blockName(i),
        stride,
        channels,
        forward: (x: TensorLike, training?: Training) => {
          const tokens = i === 0 ? this.tokens(x, training) : x;
          const y = block.forward(tokens, training);
          return isLast ? ln.forward(y) : y;
        },
      };
    });
  }

  override get classAttention(): ClassAttention {
    return {
      forward: (images) => {
        const { patch } = this.sizes;
        const [, height, width] = images.shape;
        const probabilities: Tensor[] = [];
        const { layers, ln } = this.encoder;
        const tokens = layers.blocks.reduce(
          (x: Tensor, block) => block.forward(x, undefined, probabilities),
          this.tokens(images, undefined),
        );
        return { features: ln.forward(tokens), probabilities, rows: height / patch, columns: width / patch };
      },
    };
  }

  /** The class token, and beside it the distillation token where there is one. */
  override pool(tokens: Tensor): Tensor {
    const [batch, , channels] = tokens.shape;
    const { tokens: count = 1 } = this.sizes;
    return reshape(slice(tokens, [0, 0, 0], [batch, count, channels]), [batch, count * channels]);
  }

  /** Images to patches behind the class token and what stands beside it, with their positions. */
  private tokens(images: TensorLike, training: Training | undefined): Tensor {
    const { patch, tokens: count = 1 } = this.sizes;
    const { class_token, distillation_token } = this;
    const [batch, height, width] = images.shape;
    if (images.shape.length !== 4 || height % patch !== 0 || width % patch !== 0) {
      throw shapeError(
        this.architecture,
        `images of shape ${showShape(images.shape)} are not made of patches of ${patch} x ${patch} pixels`,
        `give images with sides that are multiples of ${patch}`,
      );
    }
    const patches = this.conv_proj.forward(images);
    const [, rows, columns, channels] = patches.shape;
    const behind = pad(reshape(patches, [batch, rows * columns, channels]), [0, count, 0], [0, 0, 0]);
    // The tokens of all images are added where there are zeros, together with their positions.
    const positions = this.encoder.positions(rows, columns);
    const own = distillation_token === null ? class_token : concat([class_token, distillation_token], 1);
    const first = add(slice(positions, [0, 0, 0], [1, count, channels]), own);
    const others = slice(positions, [0, count, 0], [1, rows * columns, channels]);
    return this.encoder.dropout.forward(add(behind, concat([first, others], 1)), training);
  }

  override layerNames(): string[] {
    return [...this.stem(), ...this.blockNames(), 'encoder.ln', this.headName];
  }

  /** What makes tokens, then each block of the encoder, its norm, and the head. */
  override layerBlocks(): readonly LayerBlock[] {
    const alone = [...this.blockNames(), 'encoder.ln', this.headName];
    return [{ name: 'conv_proj', layers: this.stem() }, ...alone.map((name) => ({ name, layers: [name] }))];
  }

  /** What makes tokens, and the blocks of the encoder in four parts, the last with its norm. */
  override layerGroups(): readonly LayerBlock[] {
    const count = this.encoder.layers.blocks.length;
    const ends = [1, 2, 3].map((part) => Math.round((part * count) / 4));
    return joinBlocks(this.layerBlocks(), [0, ...ends, count + 1]);
  }

  /** What Hugging Face's config.json of such a network says; its norms add what the file says. */
  hubConfig(): Readonly<Record<string, unknown>> {
    const { patch, layers, heads, channels, feedForward, tokens = 1 } = this.sizes;
    const [, length] = this.encoder.pos_embedding.shape;
    return {
      architectures: [tokens > 1 ? 'DeiTForImageClassificationWithTeacher' : 'ViTForImageClassification'],
      model_type: tokens > 1 ? 'deit' : 'vit',
      attention_probs_dropout_prob: 0,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0,
      hidden_size: channels,
      image_size: patch * Math.sqrt(length - tokens),
      intermediate_size: feedForward,
      layer_norm_eps: this.encoder.ln.epsilon,
      num_attention_heads: heads,
      num_channels: 3,
      num_hidden_layers: layers,
      patch_size: patch,
      qkv_bias: true,
    };
  }

  /** The layers before the first block, in the order of their parameters. */
  private stem(): string[] {
    const tokens = ['class_token', ...(this.distillation_token === null ? [] : ['distillation_token'])];
    return [...tokens, 'conv_proj', 'encoder.pos_embedding'];
  }

  private blockNames(): string[] {
    return this.encoder.layers.blocks.map((_, i) => blockName(i));
  }
}

function newToken(channels: number): Parameter {
  return new Parameter(new Float32Array(channels), [1, 1, channels], { decay: false });
}

function blockName(index: number): string {
  return `encoder.layers.encoder_layer_${index}`;
}

/** Patches in a row of an image. Throws AttuneError 'usage' where they are not whole. */
function patchesOf(imageSize: number, patch: number, where: string): number {
  const side = imageSize / patch;
  if (Number.isInteger(side) && side > 0) return side;
  throw new AttuneError({
    code: 'usage',
    what: `images of ${imageSize} pixels are not made of patches of ${patch}`,
    where,
    hint: `give a multiple of ${patch}`,
  });
}

/** Patches to vectors: a convolution whose windows are the patches, with torchvision's initial values. */
class PatchProjection extends Conv2d {
  override readonly weight: Parameter;

  constructor({ patch, channels }: ViTSizes, initializer: Initializer) {
    super(3, channels, { kernel: patch, stride: patch, bias: true }, initializer);
    const shape = [patch, patch, 3, channels];
    this.weight = new Parameter(initializer.normal(shape, Math.sqrt(1 / (3 * patch * patch))), shape);
  }
}

/** ViT-Ti/16, which is DeiT-tiny: 5,717,416 parameters with 1,000 classes. */
export function vitTi16(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('vit_ti_16', { patch: 16, ...TINY }, options);
}

/** ViT-S/16, which is DeiT-small: 22,050,664 parameters with 1,000 classes. */
export function vitS16(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('vit_s_16', { patch: 16, ...SMALL }, options);
}

/** ViT-B/16: 86,567,656 parameters with 1,000 classes. */
export function vitB16(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('vit_b_16', { patch: 16, ...BASE }, options);
}

/** ViT-B/32: 88,224,232 parameters with 1,000 classes. */
export function vitB32(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('vit_b_32', { patch: 32, ...BASE }, options);
}

/** ViT-L/16: 304,326,632 parameters with 1,000 classes. */
export function vitL16(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('vit_l_16', { patch: 16, ...LARGE }, options);
}

/** The networks by channels, side of a patch and blocks; torchvision has more. */
const BY_SIZES: Readonly<Record<string, string>> = {
  '192 16 12': 'vit_ti_16',
  '384 16 12': 'vit_s_16',
  '768 16 12': 'vit_b_16',
  '768 32 12': 'vit_b_32',
  '1024 16 24': 'vit_l_16',
  '1024 32 24': 'vit_l_32',
  '1280 14 32': 'vit_h_14',
};

const DISTILLATION = 'distillation_token';

/** `768 16 12`: channels, side of a patch, and blocks, with `distilled` behind them for two tokens; null for tensors of something else. */
export function sizesIn(shapes: Shapes): string | null {
  const [channels, colours, patch] = shapes.get('conv_proj.weight') ?? [];
  if (colours !== 3 || !hasShape(shapes, 'class_token', [1, 1, channels])) return null;
  const layers = countWhile((block) => shapes.has(`${blockName(block)}.self_attention.in_proj_weight`));
  return [channels, patch, layers, ...(shapes.has(DISTILLATION) ? ['distilled'] : [])].join(' ');
}

/** The size of the images that the positions are for, where it is not the `usual` one. */
export function imageSizeIn(shapes: Shapes, usual: number): Pick<ModelOptions, 'imageSize'> {
  const patch = shapes.get('conv_proj.weight')?.[2] ?? 0;
  const tokens = shapes.has(DISTILLATION) ? 2 : 1;
  const imageSize = Math.sqrt((shapes.get('encoder.pos_embedding')?.[1] ?? 0) - tokens) * patch;
  return Number.isInteger(imageSize) && imageSize > 0 && imageSize !== usual ? { imageSize } : {};
}

/** As Hugging Face's ViT, whose class has networks of all sizes. */
export const HUGGING_FACE: LibraryNames = {
  network: () => 'ViTForImageClassification',
  naming: HUGGING_FACE_VIT,
  config: (network) => (network as VisionTransformer).hubConfig(),
};

/** Those that torchvision has. */
const PUBLISHED: readonly string[] = ['vit_b_16', 'vit_b_32', 'vit_l_16'];

/** With torchvision's first ImageNet weights, where there are some. */
function entry(name: ModelName, create: ModelEntry['create'], resize = 256): ModelEntry {
  return {
    name,
    create,
    defaultWeights: PUBLISHED.includes(name) ? `${name}-v1` : null,
    preprocessing: { ...IMAGENET_PREPROCESSING, resize },
  };
}

const networks = {
  vit_ti_16: entry('vit_ti_16', vitTi16),
  vit_s_16: entry('vit_s_16', vitS16),
  vit_b_16: entry('vit_b_16', vitB16),
  vit_b_32: entry('vit_b_32', vitB32),
  vit_l_16: entry('vit_l_16', vitL16, 242),
} as const satisfies Record<string, ModelEntry>;

/**
 * With AdamW, as for BEiT (Bao et al., ICLR 2022, appendix H) and masked autoencoders (He et al., CVPR 2022, table 9): lower
 * blocks have smaller rates, and the rate rises for a share of the steps.
 */
export const FINE_TUNING: FineTuning = { lr_decay: 0.75, warmup: 0.1, weight_decay: 0.05 };

export const VIT: Family<keyof typeof networks> = {
  networks,
  headName: 'heads.head',
  fineTuning: FINE_TUNING,
  detect: (shapes) => BY_SIZES[sizesIn(shapes) ?? ''] ?? null,
  optionsOf: (shapes) => imageSizeIn(shapes, IMAGE_SIZE),
  namings: VIT_NAMINGS,
  libraries: {
    torchvision: { network: (name) => (PUBLISHED.includes(name) ? name : null), naming: null },
    huggingface: HUGGING_FACE,
    timm: { network: (name) => TIMM_NAMES[name] ?? null, naming: TIMM_VIT },
  },
};
