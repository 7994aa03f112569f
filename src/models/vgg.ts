/**
 * VGG16 (Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, table 1,
 * column D): torchvision's graph without batch norms, layer by layer and name by name.
 *
 *     images         [batch, H, W, 3]
 *     features.0     2 convolutions of  64 channels, 3x3, each with ReLU; max pool 2x2   H / 2
 *     features.5     2                 128                                              H / 4
 *     features.10    3                 256                                              H / 8
 *     features.17    3                 512                                              H / 16
 *     features.24    3                 512                                              H / 32
 *     mean           of 7 x 7 parts of the map, in a row channel by channel: 25,088 numbers
 *     classifier.0   4096; ReLU; dropout 0.5
 *     classifier.3   4096; ReLU; dropout 0.5
 *     classifier.6   classes
 */
import { adaptiveAveragePool2d, flatten, transpose } from '../ops/index.js';
import {
  Conv2d,
  Dropout,
  Linear,
  MaxPool2d,
  type Module,
  NormalInitializer,
  Relu,
  Sequential,
  type Training,
} from '../nn/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor } from '../tensor/tensor.js';
import { FeaturesClassifier } from './features-classifier.js';
import { type Family, hasShapes } from './family.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';

/** The head and the initial values of a VGG16. */
export interface VggOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
}

const NAMES: OptionNames<VggOptions> = { classes: true, seed: true };

const STAGES = [
  { channels: 64, convolutions: 2 },
  { channels: 128, convolutions: 2 },
  { channels: 256, convolutions: 3 },
  { channels: 512, convolutions: 3 },
  { channels: 512, convolutions: 3 },
] as const;
/** Places of the map, along each side, that the linear layers take. */
const PLACES = 7;
const HIDDEN = 4096;

/** The pools, by their numbers in the trunk: H / 2, 4, 8, 16 and 32. */
const ENDS = [
  { layer: 4, channels: 64 },
  { layer: 9, channels: 128 },
  { layer: 16, channels: 256 },
  { layer: 23, channels: 512 },
  { layer: 30, channels: 512 },
] as const;

/** A VGG; `vgg16` makes it. */
export class Vgg extends FeaturesClassifier {
  override readonly architecture = 'vgg16';
  override readonly headName = 'classifier.6';
  protected override readonly trunk: Sequential;
  protected override classifier: Sequential;
  protected override readonly ends = ENDS;
  protected override readonly stride = 2;

  constructor(options: VggOptions) {
    super();
    refuseUnknownOptions(options, NAMES, 'vgg16');
    const initializer = new NormalInitializer(options.seed, { linear: 0.01 });
    const layers: Module[] = [];
    let inputs = 3;
    for (const { channels, convolutions } of STAGES) {
      for (let i = 0; i < convolutions; i++) {
        layers.push(new Conv2d(inputs, channels, { kernel: 3, padding: 1, bias: true }, initializer));
        layers.push(new Relu());
        inputs = channels;
      }
      layers.push(new MaxPool2d({ kernel: 2 }));
    }
    this.trunk = new Sequential(...layers);
    this.classifier = new Sequential(
      new Linear(PLACES * PLACES * inputs, HIDDEN, initializer),
      new Relu(),
      new Dropout(0.5),
      new Linear(HIDDEN, HIDDEN, initializer),
      new Relu(),
      new Dropout(0.5),
      new Linear(HIDDEN, options.classes ?? 1000, initializer),
    );
  }

  /** Means of 7 x 7 parts of the map through the hidden layers. PyTorch puts them in a row channel by channel. */
  override headInput(map: Tensor, training?: Training): Tensor {
    const row = flatten(transpose(adaptiveAveragePool2d(map, PLACES), [0, 3, 1, 2]));
    return this.belowHead(row, training);
  }
}

/** VGG16: 138,357,544 parameters with 1,000 classes. */
export function vgg16(options: VggOptions = {}): Vgg {
  return new Vgg(options);
}

export const VGG: Family<'vgg16'> = {
  networks: {
    vgg16: {
      name: 'vgg16',
      create: vgg16,
      defaultWeights: 'vgg16-v1',
      preprocessing: IMAGENET_PREPROCESSING,
    },
  },
  headName: 'classifier.6',
  /** By the places of its convolutions: other depths, and batch norms, move them. */
  detect: (shapes) =>
    hasShapes(shapes, {
      'features.0.weight': [64, 3, 3, 3],
      'features.14.weight': [256, 256, 3, 3],
      'features.21.weight': [512, 512, 3, 3],
      'features.28.weight': [512, 512, 3, 3],
    }) && !shapes.has('features.30.weight')
      ? 'vgg16'
      : null,
  libraries: { torchvision: { network: (name) => name, naming: null } },
};
