/**
 * MobileNetV2 as Keras has it (keras.applications.MobileNetV2): the table of mobilenet-v2.ts with Keras's names, Keras's
 * batch norms, and TensorFlow's padding, which at stride 2 has no zeros before an even size. Images are in -1 .. 1.
 *
 *     input_1                                                                             layer   0
 *     Conv1, bn_Conv1, Conv1_relu                                                                 1
 *     expanded_conv_{depthwise, depthwise_BN, depthwise_relu, project, project_BN}                4
 *     block_1_{expand, expand_BN, expand_relu, pad, depthwise, ..., project_BN}                   9
 *     ...  block_16; pad only at stride 2, and behind a block that adds its input an add         ...
 *     Conv_1, Conv_1_bn, out_relu                                                               151
 *     global_average_pooling2d, predictions                                                     154
 */
import { refuseUnknownOptions } from '../option-names.js';
import { Conv2d } from '../nn/conv2d.js';
import { Initializer } from '../nn/initializers.js';
import { Dropout, Relu6 } from '../nn/layers.js';
import { Linear } from '../nn/linear.js';
import type { Training } from '../nn/module.js';
import { StochasticDepth } from '../nn/stochastic-depth.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import { type Family, hasShapes } from './family.js';
import { type Head, joinBlocks, type LayerBlock, type FeatureStage } from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import {
  blockOf,
  headBlock,
  kerasBatchNorm,
  type KerasLayer,
  KerasLayers,
  KerasResidual,
  lastLayer,
} from './keras-layers.js';
import {
  FEATURES,
  INVERTED_RESIDUALS,
  MOBILENET_NAMES,
  mobileStages,
  type MobileNetV2Options,
  STAGE_ENDS,
  STEM_CHANNELS,
} from './mobilenet-v2.js';

interface Convolution {
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

function convolution(
  inputs: number,
  outputs: number,
  options: Convolution,
  initializer: Initializer,
): Conv2d {
  return new Conv2d(inputs, outputs, { ...options, padding: 'same' }, initializer);
}

function batchNorm(channels: number) {
  return kerasBatchNorm(channels, 1e-3, 0.999);
}

/** The layers of one inverted residual; see mobilenet-v2.ts. */
function invertedResidual(
  name: string,
  inputs: number,
  outputs: number,
  stride: number,
  expansion: number,
  initializer: Initializer,
): KerasLayers {
  const width = inputs * expansion;
  const expand: readonly KerasLayer[] = [
    [`${name}_expand`, convolution(inputs, width, { kernel: 1 }, initializer)],
    [`${name}_expand_BN`, batchNorm(width)],
    [`${name}_expand_relu`, new Relu6()],
  ];
  const isResidual = stride === 1 && inputs === outputs;
  const layers: readonly KerasLayer[] = [
    ...(expansion > 1 ? expand : []),
    ...(stride > 1 ? [[`${name}_pad`, null] as const] : []),
    [`${name}_depthwise`, convolution(width, width, { kernel: 3, stride, groups: width }, initializer)],
    [`${name}_depthwise_BN`, batchNorm(width)],
    [`${name}_depthwise_relu`, new Relu6()],
    [`${name}_project`, convolution(width, outputs, { kernel: 1 }, initializer)],
    [`${name}_project_BN`, batchNorm(outputs)],
    ...(isResidual ? [[`${name}_add`, new StochasticDepth()] as const] : []),
  ];
  return isResidual ? new KerasResidual(name, layers) : new KerasLayers(name, layers);
}

export class KerasMobileNetV2 extends ImageClassifier {
  override readonly architecture = 'mobilenet_v2-keras';
  override readonly headName = 'predictions';
  override head: Head;
  private readonly blocks: readonly KerasLayers[];
  /** Not a layer of Keras's network, but of every head that Keras's guides put onto it, and of torchvision's. */
  private readonly dropout = new Dropout(0.2);

  constructor(options: MobileNetV2Options) {
    super();
    refuseUnknownOptions(options, MOBILENET_NAMES, 'kerasMobilenetV2');
    const initializer = new Initializer(options.seed);
    const blocks = [
      new KerasLayers('Conv1', [
        ['Conv1', convolution(3, STEM_CHANNELS, { kernel: 3, stride: 2 }, initializer)],
        ['bn_Conv1', batchNorm(STEM_CHANNELS)],
        ['Conv1_relu', new Relu6()],
      ]),
    ];
    let inputs = STEM_CHANNELS;
    for (const { expansion, channels, blocks: count, stride } of INVERTED_RESIDUALS) {
      for (let i = 0; i < count; i++) {
        const name = blocks.length === 1 ? 'expanded_conv' : `block_${blocks.length - 1}`;
        blocks.push(invertedResidual(name, inputs, channels, i === 0 ? stride : 1, expansion, initializer));
        inputs = channels;
      }
    }
    blocks.push(
      new KerasLayers('Conv_1', [
        ['Conv_1', convolution(inputs, FEATURES, { kernel: 1 }, initializer)],
        ['Conv_1_bn', batchNorm(FEATURES)],
        ['out_relu', new Relu6()],
      ]),
    );
    this.blocks = blocks;
    this.head = new Linear(FEATURES, options.classes ?? 1000, initializer);
  }

  override *members(): Iterable<readonly [string, unknown]> {
    for (const block of this.blocks) yield* block.members();
    yield [this.headName, this.head];
  }

  override layerNames(): string[] {
    const trunk = this.blocks.flatMap(({ layers }) => layers.map(([name]) => name));
    return ['input_1', ...trunk, 'global_average_pooling2d', this.headName];
  }

  override layerBlocks(): readonly LayerBlock[] {
    return [...this.blocks.map(blockOf), headBlock(this)];
  }

  override layerGroups(): readonly LayerBlock[] {
    return joinBlocks(this.layerBlocks(), STAGE_ENDS);
  }

  override get stages(): readonly FeatureStage[] {
    return mobileStages(this.blocks, (block) => lastLayer(this.blocks[block]));
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.head.forward(this.dropout.forward(this.features(x, training), training));
  }
}

/** Keras's MobileNetV2: 3,538,984 numbers with 1,000 classes, 34,112 of which are moving statistics. */
export function kerasMobilenetV2(options: MobileNetV2Options = {}): KerasMobileNetV2 {
  return new KerasMobileNetV2(options);
}

export const KERAS_MOBILENET_V2: Family<'mobilenet_v2-keras'> = {
  networks: {
    'mobilenet_v2-keras': {
      name: 'mobilenet_v2-keras',
      create: kerasMobilenetV2,
      graphOf: 'mobilenet_v2',
      defaultWeights: 'mobilenet_v2-keras',
      // From -1 to 1.
      preprocessing: { ...IMAGENET_PREPROCESSING, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    },
  },
  headName: 'predictions',
  detect: (shapes) =>
    hasShapes(shapes, {
      'Conv1.weight': [32, 3, 3, 3],
      'block_16_depthwise.weight': [960, 1, 3, 3],
      'Conv_1.weight': [1280, 320, 1, 1],
    })
      ? 'mobilenet_v2-keras'
      : null,
  numbered: () => kerasMobilenetV2(),
};
