/**
 * ResNet50 as Keras has it (keras.applications.ResNet50). It differs from torchvision's (resnet.ts) in names, biases of
 * convolutions, constants of batch norms, and strides: they are on the first 1x1 of a block, as in the paper.
 *
 *     images                     [batch, H, W, 3]
 *     conv1_{conv, bn, relu}     7x7, 64, stride 2        H / 2
 *     pool1_pool                 3x3, stride 2            H / 4
 *     conv2_block1 to 3          bottlenecks of  64       H / 4
 *     conv3_block1 to 4                         128       H / 8
 *     conv4_block1 to 6                         256       H / 16
 *     conv5_block1 to 3                         512       H / 32
 *     avg_pool                   2048 features
 *     predictions                classes
 *
 * Keras feeds it blue, green and red without a scale. Here the images are in the usual order, as for all models: the
 * kernel of conv1_conv is turned round when Keras's weights are loaded (keras-naming.ts).
 */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { Conv2d } from '../nn/conv2d.js';
import { Initializer } from '../nn/initializers.js';
import { MaxPool2d, Relu } from '../nn/layers.js';
import { Linear } from '../nn/linear.js';
import type { Training } from '../nn/module.js';
import { StochasticDepth } from '../nn/stochastic-depth.js';
import { add } from '../ops/pointwise/add.js';
import { relu } from '../ops/pointwise/relu.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import {
  blockOf,
  headBlock,
  kerasBatchNorm,
  type KerasLayer,
  KerasLayers,
  lastLayer,
} from './keras-layers.js';
import { countWhile, type Family, hasShape } from './family.js';
import { type Head, joinBlocks, type LayerBlock, type FeatureStage } from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import { resnetOf, type ResNetOptions } from './resnet.js';

const NAMES: OptionNames<Pick<ResNetOptions, 'classes' | 'seed'>> = { classes: true, seed: true };

const DEPTHS = [3, 4, 6, 3] as const;
const EXPANSION = 4;

function convolution(
  inputs: number,
  outputs: number,
  kernel: number,
  stride: number,
  initializer: Initializer,
): Conv2d {
  const options = { kernel, stride, padding: (kernel - 1) / 2, bias: true };
  return new Conv2d(inputs, outputs, options, initializer);
}

function batchNorm(channels: number) {
  return kerasBatchNorm(channels, 1.001e-5, 0.99);
}

/** 1x1 to `width` channels with the stride, 3x3, 1x1 to 4 `width`; a shortcut of its own in the first of a stage. */
class KerasBottleneck extends KerasLayers {
  private readonly residual: KerasLayers;
  private readonly shortcut: KerasLayers;

  constructor(name: string, inputs: number, width: number, stride: number, initializer: Initializer) {
    const outputs = width * EXPANSION;
    const residual: readonly KerasLayer[] = [
      [`${name}_1_conv`, convolution(inputs, width, 1, stride, initializer)],
      [`${name}_1_bn`, batchNorm(width)],
      [`${name}_1_relu`, new Relu()],
      [`${name}_2_conv`, convolution(width, width, 3, 1, initializer)],
      [`${name}_2_bn`, batchNorm(width)],
      [`${name}_2_relu`, new Relu()],
      [`${name}_3_conv`, convolution(width, outputs, 1, 1, initializer)],
      [`${name}_3_bn`, batchNorm(outputs)],
    ];
    const shortcut: readonly KerasLayer[] =
      inputs === outputs
        ? []
        : [
            [`${name}_0_conv`, convolution(inputs, outputs, 1, stride, initializer)],
            [`${name}_0_bn`, batchNorm(outputs)],
          ];
    // Keras lists layers by their distance from the images: the shortcut lies beside the end of the residual.
    const [conv3, bn3] = residual.slice(6);
    const beside = shortcut.length === 0 ? [conv3, bn3] : [shortcut[0], conv3, shortcut[1], bn3];
    const end: KerasLayer = [`${name}_add`, new StochasticDepth()];
    super(name, [...residual.slice(0, 6), ...beside, end, [`${name}_out`, null]]);
    this.residual = new KerasLayers(name, [...residual, end]);
    this.shortcut = new KerasLayers(name, shortcut);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return relu(add(this.residual.forward(x, training), this.shortcut.forward(x, training)));
  }
}

export class KerasResNet50 extends ImageClassifier {
  override readonly architecture = 'resnet50-keras';
  override readonly headName = 'predictions';
  override head: Head;
  private readonly stem: KerasLayers;
  private readonly groups: readonly (readonly KerasBottleneck[])[];

  constructor(options: Pick<ResNetOptions, 'classes' | 'seed'>) {
    super();
    refuseUnknownOptions(options, NAMES, 'kerasResnet50');
    const initializer = new Initializer(options.seed);
    this.stem = new KerasLayers('conv1', [
      ['conv1_pad', null],
      ['conv1_conv', convolution(3, 64, 7, 2, initializer)],
      ['conv1_bn', batchNorm(64)],
      ['conv1_relu', new Relu()],
      // Zeros beside the outputs of a ReLU never win, so they may as well be left out.
      ['pool1_pad', null],
      ['pool1_pool', new MaxPool2d({ kernel: 3, stride: 2, padding: 1 })],
    ]);
    let inputs = 64;
    this.groups = DEPTHS.map((depth, stage) => {
      const width = 64 * 2 ** stage;
      return Array.from({ length: depth }, (_, i) => {
        const name = `conv${stage + 2}_block${i + 1}`;
        const stride = i === 0 && stage > 0 ? 2 : 1;
        const block = new KerasBottleneck(name, inputs, width, stride, initializer);
        inputs = width * EXPANSION;
        return block;
      });
    });
    this.head = new Linear(inputs, options.classes ?? 1000, initializer);
  }

  private get blocks(): readonly KerasLayers[] {
    return [this.stem, ...this.groups.flat()];
  }

  override *members(): Iterable<readonly [string, unknown]> {
    for (const block of this.blocks) yield* block.members();
    yield [this.headName, this.head];
  }

  override layerNames(): string[] {
    const trunk = this.blocks.flatMap(({ layers }) => layers.map(([name]) => name));
    return ['input_1', ...trunk, 'avg_pool', this.headName];
  }

  override layerBlocks(): readonly LayerBlock[] {
    return [...this.blocks.map(blockOf), headBlock(this)];
  }

  override layerGroups(): readonly LayerBlock[] {
    const ends = this.groups.map((_, i) => this.groups.slice(0, i + 1).flat().length);
    return joinBlocks(this.layerBlocks(), [0, ...ends]);
  }

  /** Outputs of conv2 to conv5, with twice the channels each time; the last has 2048. */
  override get stages(): readonly FeatureStage[] {
    return this.groups.map((blocks, i) => ({
      name: lastLayer(blocks[blocks.length - 1]),
      stride: 4 * 2 ** i,
      channels: this.head.inputs / 2 ** (3 - i),
      forward: (x, training) =>
        blocks.reduce(
          (y: Tensor, block) => block.forward(y, training),
          i === 0 ? this.stem.forward(x, training) : asTensor(x),
        ),
    }));
  }
}

/** Keras's ResNet50: 25,636,712 numbers with 1,000 classes, 53,120 of which are moving statistics. */
export function kerasResnet50(options: Pick<ResNetOptions, 'classes' | 'seed'> = {}): KerasResNet50 {
  return new KerasResNet50(options);
}

export const KERAS_RESNET: Family<'resnet50-keras'> = {
  networks: {
    'resnet50-keras': {
      name: 'resnet50-keras',
      create: kerasResnet50,
      graphOf: 'resnet50',
      defaultWeights: null,
      // From Caffe: less ImageNet's mean, on the scale 0 .. 255.
      preprocessing: {
        ...IMAGENET_PREPROCESSING,
        mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
        std: [1 / 255, 1 / 255, 1 / 255],
      },
    },
  },
  headName: 'predictions',
  /** The ResNets of the first version; those of the second have no batch norm behind a shortcut. */
  detect(shapes) {
    const isBottleneck = hasShape(shapes, 'conv2_block1_2_conv.weight', [64, 64, 3, 3]);
    if (!isBottleneck || !shapes.has('conv2_block1_0_bn.weight')) return null;
    const depths = [2, 3, 4, 5].map((stage) =>
      countWhile((block) => shapes.has(`conv${stage}_block${block + 1}_1_conv.weight`)),
    );
    const name = resnetOf('bottleneck', depths);
    return name === null ? null : `${name}-keras`;
  },
  blueFirst: 'conv1_conv',
  numbered: () => kerasResnet50(),
};
