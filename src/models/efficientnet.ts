/**
 * EfficientNet-B0 (Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, table
 * 1): torchvision's graph, layer by layer and name by name.
 *
 *     images        [batch, H, W, 3]
 *     features.0    3x3, 32, stride 2; batch norm; SiLU                  H / 2
 *     features.1    1 block  of  16 channels, expanded 1x, windows 3x3   H / 2
 *     features.2    2            24                    6x          3x3   H / 4
 *     features.3    2            40                    6x          5x5   H / 8
 *     features.4    3            80                    6x          3x3   H / 16
 *     features.5    3           112                    6x          5x5   H / 16
 *     features.6    4           192                    6x          5x5   H / 32
 *     features.7    1           320                    6x          3x3   H / 32
 *     features.8    1x1, 1280; batch norm; SiLU                          H / 32
 *     mean          1280 features
 *     classifier    dropout 0.2; classes
 *
 * The paper drops blocks by stochastic depth with up to 0.2. Here that is a run's to say, as for every network, since few
 * images, and a network that was trained before, may want another.
 */
import { add } from '../ops/index.js';
import {
  Dropout,
  Initializer,
  Linear,
  Module,
  Sequential,
  Sigmoid,
  SiLU,
  StochasticDepth,
  type Training,
} from '../nn/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type Family, hasShapes } from './family.js';
import { FeaturesClassifier } from './features-classifier.js';
import { convolution, type ConvolutionShape, SqueezeExcitation } from './mobile-blocks.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';

/** The head and the initial values of an EfficientNet-B0. */
export interface EfficientNetOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
}

const NAMES: OptionNames<EfficientNetOptions> = { classes: true, seed: true };

/** Blocks one after another; the first has the stride. */
interface StageShape {
  readonly expansion: number;
  readonly kernel: number;
  readonly channels: number;
  readonly blocks: number;
  readonly stride: number;
}

const STAGES: readonly StageShape[] = [
  { expansion: 1, kernel: 3, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, kernel: 3, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, kernel: 5, channels: 40, blocks: 2, stride: 2 },
  { expansion: 6, kernel: 3, channels: 80, blocks: 3, stride: 2 },
  { expansion: 6, kernel: 5, channels: 112, blocks: 3, stride: 1 },
  { expansion: 6, kernel: 5, channels: 192, blocks: 4, stride: 2 },
  { expansion: 6, kernel: 3, channels: 320, blocks: 1, stride: 1 },
];
const STEM_CHANNELS = 32;
const FEATURES = 1280;

/** Layers of the trunk whose outputs are the last of their size: H / 2, 4, 8, 16 and 32. */
const ENDS = [
  { layer: 1, channels: 16 },
  { layer: 2, channels: 24 },
  { layer: 3, channels: 40 },
  { layer: 5, channels: 112 },
  { layer: 8, channels: FEATURES },
] as const;

function activated(
  inputs: number,
  outputs: number,
  shape: ConvolutionShape,
  initializer: Initializer,
): Sequential {
  return new Sequential(...convolution(inputs, outputs, shape, initializer), new SiLU());
}

/**
 * An inverted residual with squeeze-and-excitation: 1x1 to `expansion` times the channels, a window of each channel with the
 * stride, gates, 1x1 without an activation. The input is added to it where both have one shape.
 */
class MobileBlock extends Module {
  readonly block: Sequential;
  /** Null where nothing is added. */
  private readonly stochasticDepth: StochasticDepth | null;

  constructor(inputs: number, { expansion, kernel, channels, stride }: StageShape, initializer: Initializer) {
    super();
    const width = inputs * expansion;
    const expand = expansion === 1 ? [] : [activated(inputs, width, { kernel: 1 }, initializer)];
    const depthwise = activated(width, width, { kernel, stride, groups: width }, initializer);
    const parts = { activation: new SiLU(), gate: new Sigmoid() };
    const squeezing = new SqueezeExcitation(width, inputs / 4, parts, initializer);
    const project = new Sequential(...convolution(width, channels, { kernel: 1 }, initializer));
    this.block = new Sequential(...expand, depthwise, squeezing, project);
    this.stochasticDepth = stride === 1 && inputs === channels ? new StochasticDepth() : null;
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const y = this.block.forward(x, training);
    return this.stochasticDepth === null ? y : add(this.stochasticDepth.forward(y, training), x);
  }
}

/** An EfficientNet; `efficientnetB0` makes it. */
export class EfficientNet extends FeaturesClassifier {
  override readonly architecture = 'efficientnet_b0';
  override readonly headName = 'classifier.1';
  protected override readonly trunk: Sequential;
  protected override classifier: Sequential;
  protected override readonly ends = ENDS;
  protected override readonly stride = 2;

  constructor(options: EfficientNetOptions) {
    super();
    refuseUnknownOptions(options, NAMES, 'efficientnetB0');
    const initializer = new Initializer(options.seed);
    const layers: Module[] = [activated(3, STEM_CHANNELS, { kernel: 3, stride: 2 }, initializer)];
    let inputs = STEM_CHANNELS;
    for (const stage of STAGES) {
      const blocks: Module[] = [];
      for (let block = 0; block < stage.blocks; block++) {
        const stride = block === 0 ? stage.stride : 1;
        blocks.push(new MobileBlock(inputs, { ...stage, stride }, initializer));
        inputs = stage.channels;
      }
      layers.push(new Sequential(...blocks));
    }
    layers.push(activated(inputs, FEATURES, { kernel: 1 }, initializer));
    this.trunk = new Sequential(...layers);
    const head = new Linear(FEATURES, options.classes ?? 1000, initializer);
    this.classifier = new Sequential(new Dropout(0.2), head);
  }
}

/** EfficientNet-B0: 5,288,548 parameters with 1,000 classes. */
export function efficientnetB0(options: EfficientNetOptions = {}): EfficientNet {
  return new EfficientNet(options);
}

export const EFFICIENTNET: Family<'efficientnet_b0'> = {
  networks: {
    efficientnet_b0: {
      name: 'efficientnet_b0',
      create: efficientnetB0,
      defaultWeights: 'efficientnet_b0-v1',
      preprocessing: { ...IMAGENET_PREPROCESSING, interpolation: 'bicubic' },
    },
  },
  headName: 'classifier.1',
  /** At its width and depth: the stem, gates of the first block, the last blocks of the longest stage, the last convolution. */
  detect: (shapes) =>
    hasShapes(shapes, {
      'features.0.0.weight': [32, 3, 3, 3],
      'features.1.0.block.1.fc1.weight': [8, 32, 1, 1],
      'features.6.3.block.3.0.weight': [192, 1152, 1, 1],
      'features.8.0.weight': [1280, 320, 1, 1],
    }) && !shapes.has('features.6.4.block.0.0.weight')
      ? 'efficientnet_b0'
      : null,
  libraries: { torchvision: { network: (name) => name, naming: null } },
};
