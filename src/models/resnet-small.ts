/**
 * A ResNet for small images, 28 to 64 pixels (He et al., CVPR 2016, section 4.2): a 3x3 stem without stride or
 * pooling, and three stages. The default is the paper's 20-layer network for CIFAR-10, except that shortcuts
 * between stages are 1x1 convolutions.
 *
 *     images       [batch, H, W, channels]
 *     conv1        3x3, 16; batch norm; ReLU     H
 *     layer1       3 basic blocks of 16          H
 *     layer2       3 basic blocks of 32          H / 2
 *     layer3       3 basic blocks of 64          H / 4
 *     mean         64 features
 *     fc           classes
 */
import { BatchNorm2d } from '../nn/batch-norm.js';
import type { Conv2d } from '../nn/conv2d.js';
import { Initializer } from '../nn/initializers.js';
import type { Sequential } from '../nn/layers.js';
import { Linear } from '../nn/linear.js';
import type { Training } from '../nn/module.js';
import { relu } from '../ops/pointwise/relu.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import { type Family, hasShape, type ModelEntry } from './family.js';
import type { FeatureStage, Head } from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import { depthsOf, RESNET_NAMES, type ResNetOptions } from './resnet.js';
import { BasicBlock, convolution, stage } from './resnet-blocks.js';

/** The head and the initial values of the small ResNet. */
export interface SmallResNetOptions extends ResNetOptions {
  /** Channels of the images: 3 for colour, 1 for grey. Default 3. */
  readonly channels?: number;
  /** Channels of the three stages. Default [16, 32, 64]. */
  readonly widths?: readonly [number, number, number];
  /** Blocks per stage. Default 3. */
  readonly depth?: number;
}

const NAMES: OptionNames<SmallResNetOptions> = {
  ...RESNET_NAMES,
  channels: true,
  widths: true,
  depth: true,
};

export class SmallResNet extends ImageClassifier {
  override readonly architecture = 'resnet-small';
  override readonly headName = 'fc';
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  fc: Head;
  private readonly widths: readonly [number, number, number];

  constructor(options: SmallResNetOptions) {
    super();
    refuseUnknownOptions(options, NAMES, 'resnetSmall');
    const initializer = new Initializer(options.seed);
    const context = { initializer, zeroInitResidual: options.zeroInitResidual ?? false };
    const { channels = 3, classes = 10, depth = 3 } = options;
    this.widths = options.widths ?? [16, 32, 64];
    const [first, second, third] = this.widths;
    this.conv1 = convolution(channels, first, 3, 1, initializer);
    this.bn1 = new BatchNorm2d(first);
    this.layer1 = stage(BasicBlock, first, first, depth, 1, context);
    this.layer2 = stage(BasicBlock, first, second, depth, 2, context);
    this.layer3 = stage(BasicBlock, second, third, depth, 2, context);
    this.fc = new Linear(third, classes, initializer);
  }

  override get head(): Head {
    return this.fc;
  }

  override set head(head: Head) {
    this.fc = head;
  }

  /** Outputs of layer1 to layer3. */
  override get stages(): readonly FeatureStage[] {
    return [this.layer1, this.layer2, this.layer3].map((layer, i) => ({
      name: `layer${i + 1}`,
      stride: 2 ** i,
      channels: this.widths[i],
      forward: (x, training) => layer.forward(i === 0 ? this.stem(x, training) : x, training),
    }));
  }

  private stem(x: TensorLike, training?: Training): Tensor {
    return relu(this.bn1.forward(this.conv1.forward(x), training));
  }
}

/** A small-image ResNet; 272,474 parameters by default with 10 classes (`classes` defaults to 10 here). */
export function resnetSmall(options: SmallResNetOptions = {}): SmallResNet {
  return new SmallResNet(options);
}

const networks = {
  'resnet-small': {
    name: 'resnet-small',
    create: (options) => resnetSmall({ classes: 1000, ...options }),
    defaultWeights: null,
    preprocessing: { ...IMAGENET_PREPROCESSING, resize: 37, crop: 32 },
  },
} as const satisfies Record<string, ModelEntry>;

export const SMALL_RESNET: Family<keyof typeof networks> = {
  networks,
  headName: 'fc',
  /** As the table makes it: colour images, three stages of three blocks, 16 to 64 channels. */
  detect(shapes) {
    const fits =
      hasShape(shapes, 'conv1.weight', [16, 3, 3, 3]) &&
      [16, 32, 64].every((width, i) =>
        hasShape(shapes, `layer${i + 1}.0.conv2.weight`, [width, width, 3, 3]),
      ) &&
      depthsOf(shapes, 4).join(' ') === '3 3 3 0';
    return fits ? 'resnet-small' : null;
  },
};
