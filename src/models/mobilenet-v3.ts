/**
 * MobileNetV3 (Howard et al., "Searching for MobileNetV3", ICCV 2019, tables 1 and 2): torchvision's graphs, layer by layer
 * and name by name. The large one:
 *
 *     images           [batch, H, W, 3]
 *     features.0       3x3, 16, stride 2; batch norm; hard swish      H / 2
 *     features.1       1 block  of  16 channels                       H / 2
 *     features.2       2            24                                H / 4
 *     features.4       3            40, with squeeze-and-excitation   H / 8
 *     features.7       4            80                                H / 16
 *     features.11      2           112, with squeeze-and-excitation   H / 16
 *     features.13      3           160, with squeeze-and-excitation   H / 32
 *     features.16      1x1, 960; batch norm; hard swish               H / 32
 *     mean             960 features
 *     classifier.0     1280; hard swish; dropout 0.2
 *     classifier.3     classes
 *
 * A block is an inverted residual as those of MobileNetV2: 1x1 to its width, 3x3 or 5x5 of each channel, 1x1 without an
 * activation. ReLU activates the blocks of large maps, hard swish those of small ones.
 */
import { add } from '../ops/index.js';
import {
  Dropout,
  Hardsigmoid,
  Hardswish,
  type Initializer,
  Linear,
  Module,
  NormalInitializer,
  Relu,
  Sequential,
  StochasticDepth,
  type Training,
} from '../nn/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type Family, hasShapes, type ModelEntry } from './family.js';
import { FeaturesClassifier, type StageEnd } from './features-classifier.js';
import { convolution, SqueezeExcitation } from './mobile-blocks.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';

/** The head and the initial values of a MobileNetV3. */
export interface MobileNetV3Options {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
}

const NAMES: OptionNames<MobileNetV3Options> = { classes: true, seed: true };

/** A row of the paper's tables. */
interface BlockShape {
  readonly kernel: number;
  /** Channels between the 1x1 convolutions. */
  readonly width: number;
  readonly channels: number;
  readonly squeezes: boolean;
  readonly activation: 'relu' | 'hard swish';
  readonly stride: number;
}

interface Architecture {
  readonly name: 'mobilenet_v3_large' | 'mobilenet_v3_small';
  readonly blocks: readonly BlockShape[];
  /** Features below the head. */
  readonly hidden: number;
  /** Layers of the trunk, of which the stem is 0, whose outputs are the last of their size. */
  readonly ends: readonly StageEnd[];
}

const RELU = { activation: 'relu', squeezes: false } as const;
const RELU_SQUEEZING = { activation: 'relu', squeezes: true } as const;
const SWISH = { activation: 'hard swish', squeezes: false } as const;
const SWISH_SQUEEZING = { activation: 'hard swish', squeezes: true } as const;

const LARGE: Architecture = {
  name: 'mobilenet_v3_large',
  blocks: [
    { kernel: 3, width: 16, channels: 16, stride: 1, ...RELU },
    { kernel: 3, width: 64, channels: 24, stride: 2, ...RELU },
    { kernel: 3, width: 72, channels: 24, stride: 1, ...RELU },
    { kernel: 5, width: 72, channels: 40, stride: 2, ...RELU_SQUEEZING },
    { kernel: 5, width: 120, channels: 40, stride: 1, ...RELU_SQUEEZING },
    { kernel: 5, width: 120, channels: 40, stride: 1, ...RELU_SQUEEZING },
    { kernel: 3, width: 240, channels: 80, stride: 2, ...SWISH },
    { kernel: 3, width: 200, channels: 80, stride: 1, ...SWISH },
    { kernel: 3, width: 184, channels: 80, stride: 1, ...SWISH },
    { kernel: 3, width: 184, channels: 80, stride: 1, ...SWISH },
    { kernel: 3, width: 480, channels: 112, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 3, width: 672, channels: 112, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 672, channels: 160, stride: 2, ...SWISH_SQUEEZING },
    { kernel: 5, width: 960, channels: 160, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 960, channels: 160, stride: 1, ...SWISH_SQUEEZING },
  ],
  hidden: 1280,
  ends: [
    { layer: 1, channels: 16 },
    { layer: 3, channels: 24 },
    { layer: 6, channels: 40 },
    { layer: 12, channels: 112 },
    { layer: 16, channels: 960 },
  ],
};

const SMALL: Architecture = {
  name: 'mobilenet_v3_small',
  blocks: [
    { kernel: 3, width: 16, channels: 16, stride: 2, ...RELU_SQUEEZING },
    { kernel: 3, width: 72, channels: 24, stride: 2, ...RELU },
    { kernel: 3, width: 88, channels: 24, stride: 1, ...RELU },
    { kernel: 5, width: 96, channels: 40, stride: 2, ...SWISH_SQUEEZING },
    { kernel: 5, width: 240, channels: 40, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 240, channels: 40, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 120, channels: 48, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 144, channels: 48, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 288, channels: 96, stride: 2, ...SWISH_SQUEEZING },
    { kernel: 5, width: 576, channels: 96, stride: 1, ...SWISH_SQUEEZING },
    { kernel: 5, width: 576, channels: 96, stride: 1, ...SWISH_SQUEEZING },
  ],
  hidden: 1024,
  ends: [
    { layer: 0, channels: 16 },
    { layer: 1, channels: 16 },
    { layer: 3, channels: 24 },
    { layer: 8, channels: 48 },
    { layer: 12, channels: 576 },
  ],
};

const STEM_CHANNELS = 16;

/** torchvision's: 0.001 is TensorFlow's, and statistics move by a hundredth of each batch. */
const NORM = { epsilon: 1e-3, momentum: 0.01 } as const;

/** The nearest multiple of 8, and not less than nine tenths. */
function divisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** The input is added to what a block gives where both have one shape. */
class InvertedResidual extends Module {
  readonly block: Sequential;
  /** Null where nothing is added. */
  private readonly stochasticDepth: StochasticDepth | null;

  constructor(inputs: number, shape: BlockShape, initializer: Initializer) {
    super();
    const { kernel, width, channels, squeezes, activation, stride } = shape;
    const activate = () => (activation === 'relu' ? new Relu() : new Hardswish());
    const layers: Module[] = [];
    if (width !== inputs) {
      const [conv, norm] = convolution(inputs, width, { kernel: 1 }, initializer, NORM);
      layers.push(new Sequential(conv, norm, activate()));
    }
    const depthwise = convolution(width, width, { kernel, stride, groups: width }, initializer, NORM);
    layers.push(new Sequential(...depthwise, activate()));
    if (squeezes) {
      const parts = { activation: new Relu(), gate: new Hardsigmoid() };
      layers.push(new SqueezeExcitation(width, divisible(width / 4), parts, initializer));
    }
    layers.push(new Sequential(...convolution(width, channels, { kernel: 1 }, initializer, NORM)));
    this.block = new Sequential(...layers);
    this.stochasticDepth = stride === 1 && inputs === channels ? new StochasticDepth() : null;
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const y = this.block.forward(x, training);
    return this.stochasticDepth === null ? y : add(this.stochasticDepth.forward(y, training), x);
  }
}

/** A MobileNetV3; `mobilenetV3Large` and `mobilenetV3Small` make it. */
export class MobileNetV3 extends FeaturesClassifier {
  override readonly architecture: string;
  override readonly headName = 'classifier.3';
  protected override readonly trunk: Sequential;
  protected override classifier: Sequential;
  protected override readonly ends: readonly StageEnd[];
  protected override readonly stride = 2;

  constructor({ name, blocks, hidden, ends }: Architecture, options: MobileNetV3Options, caller: string) {
    super();
    refuseUnknownOptions(options, NAMES, caller);
    const initializer = new NormalInitializer(options.seed, { linear: 0.01 });
    const activated = (inputs: number, outputs: number, kernel: number, stride: number) =>
      new Sequential(...convolution(inputs, outputs, { kernel, stride }, initializer, NORM), new Hardswish());
    const layers: Module[] = [activated(3, STEM_CHANNELS, 3, 2)];
    let inputs = STEM_CHANNELS;
    for (const block of blocks) {
      layers.push(new InvertedResidual(inputs, block, initializer));
      inputs = block.channels;
    }
    const features = 6 * inputs;
    layers.push(activated(inputs, features, 1, 1));
    this.architecture = name;
    this.ends = ends;
    this.trunk = new Sequential(...layers);
    this.classifier = new Sequential(
      new Linear(features, hidden, initializer),
      new Hardswish(),
      new Dropout(0.2),
      new Linear(hidden, options.classes ?? 1000, initializer),
    );
  }
}

/** The large MobileNetV3: 5,483,032 parameters with 1,000 classes. */
export function mobilenetV3Large(options: MobileNetV3Options = {}): MobileNetV3 {
  return new MobileNetV3(LARGE, options, 'mobilenetV3Large');
}

/** The small MobileNetV3: 2,542,856 parameters with 1,000 classes. */
export function mobilenetV3Small(options: MobileNetV3Options = {}): MobileNetV3 {
  return new MobileNetV3(SMALL, options, 'mobilenetV3Small');
}

const networks = {
  mobilenet_v3_large: {
    name: 'mobilenet_v3_large',
    create: mobilenetV3Large,
    defaultWeights: 'mobilenet_v3_large-v1',
    preprocessing: IMAGENET_PREPROCESSING,
  },
  mobilenet_v3_small: {
    name: 'mobilenet_v3_small',
    create: mobilenetV3Small,
    defaultWeights: 'mobilenet_v3_small-v1',
    preprocessing: IMAGENET_PREPROCESSING,
  },
} as const satisfies Record<string, ModelEntry>;

/** At their full width: the stem, a squeezed block, and the last convolution. */
const MARKS = {
  mobilenet_v3_large: {
    'features.0.0.weight': [16, 3, 3, 3],
    'features.4.block.2.fc1.weight': [24, 72, 1, 1],
    'features.16.0.weight': [960, 160, 1, 1],
  },
  mobilenet_v3_small: {
    'features.0.0.weight': [16, 3, 3, 3],
    'features.1.block.1.fc1.weight': [8, 16, 1, 1],
    'features.12.0.weight': [576, 96, 1, 1],
  },
} as const;

export const MOBILENET_V3: Family<keyof typeof networks> = {
  networks,
  headName: 'classifier.3',
  detect: (shapes) => Object.entries(MARKS).find(([, marks]) => hasShapes(shapes, marks))?.[0] ?? null,
  libraries: { torchvision: { network: (name) => name, naming: null } },
};
