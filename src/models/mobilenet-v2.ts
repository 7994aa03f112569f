/**
 * MobileNetV2 (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018, table 2):
 * torchvision's graph, layer by layer and name by name. Keras's is in keras-mobilenet-v2.ts.
 *
 *     images          [batch, H, W, 3]
 *     features.0      3x3, 32, stride 2; batch norm; ReLU6                  H / 2
 *     features.1      1 inverted residual of  16 channels, expanded 1x      H / 2
 *     features.2      2                       24                    6x      H / 4
 *     features.4      3                       32                    6x      H / 8
 *     features.7      4                       64                    6x      H / 16
 *     features.11     3                       96                    6x      H / 16
 *     features.14     3                      160                    6x      H / 32
 *     features.17     1                      320                    6x      H / 32
 *     features.18     1x1, 1280; batch norm; ReLU6                          H / 32
 *     mean            1280 features
 *     classifier      dropout 0.2; classes
 */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { Initializer } from '../nn/initializers.js';
import { Dropout, Relu6, Sequential } from '../nn/layers.js';
import { Linear } from '../nn/linear.js';
import { Module, type Training } from '../nn/module.js';
import { StochasticDepth } from '../nn/stochastic-depth.js';
import { add } from '../ops/pointwise/add.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import { type Family, hasShapes, type Naming } from './family.js';
import { halvingStages } from './features-classifier.js';
import { convolution } from './mobile-blocks.js';
import { type Head, joinBlocks, type LayerBlock, type FeatureStage } from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';

/** The head and the initial values of a MobileNetV2. */
export interface MobileNetV2Options {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
}

export const MOBILENET_NAMES: OptionNames<MobileNetV2Options> = { classes: true, seed: true };

/** Inverted residuals one after another; the first has the stride. Both graphs have these seven stages. */
export const INVERTED_RESIDUALS = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
] as const;

/** Channels before and behind the inverted residuals. */
export const STEM_CHANNELS = 32;
export const FEATURES = 1280;

/** Blocks (with the stem as 0) whose outputs are the last of their size: H / 2, 4, 8, 16 and 32. */
export const STAGE_ENDS = [1, 3, 6, 13, 18] as const;
const STAGE_CHANNELS = [16, 24, 32, 96, FEATURES] as const;

/** The stages of both graphs. `layerOf` names the last layer of a block. */
export function mobileStages(blocks: readonly Module[], layerOf: (block: number) => string): FeatureStage[] {
  const ends = STAGE_ENDS.map((layer, i) => ({ layer, channels: STAGE_CHANNELS[i] }));
  return halvingStages(blocks, ends, 2, layerOf);
}

function activated(...layers: readonly Module[]): Sequential {
  return new Sequential(...layers, new Relu6());
}

/**
 * 1x1 to `expansion` times the channels, 3x3 of each channel with the stride, 1x1 to `outputs` without an activation.
 * The input is added to it where both have one shape.
 */
export class InvertedResidual extends Module {
  readonly conv: Sequential;
  /** Null where nothing is added. */
  private readonly stochasticDepth: StochasticDepth | null;

  constructor(inputs: number, outputs: number, stride: number, expansion: number, initializer: Initializer) {
    super();
    const width = inputs * expansion;
    const expand =
      expansion === 1 ? [] : [activated(...convolution(inputs, width, { kernel: 1 }, initializer))];
    const depthwise = activated(
      ...convolution(width, width, { kernel: 3, stride, groups: width }, initializer),
    );
    const project = convolution(width, outputs, { kernel: 1 }, initializer);
    this.conv = new Sequential(...expand, depthwise, ...project);
    this.stochasticDepth = stride === 1 && inputs === outputs ? new StochasticDepth() : null;
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    const y = this.conv.forward(x, training);
    return this.stochasticDepth === null ? y : add(this.stochasticDepth.forward(y, training), x);
  }
}

export class MobileNetV2 extends ImageClassifier {
  override readonly architecture = 'mobilenet_v2';
  override readonly headName = 'classifier.1';
  /** torchvision's `features`, which is a method here. */
  private readonly trunk: Sequential;
  private classifier: Sequential;

  constructor(options: MobileNetV2Options) {
    super();
    refuseUnknownOptions(options, MOBILENET_NAMES, 'mobilenetV2');
    const initializer = new Initializer(options.seed);
    const blocks: Module[] = [
      activated(...convolution(3, STEM_CHANNELS, { kernel: 3, stride: 2 }, initializer)),
    ];
    let inputs = STEM_CHANNELS;
    for (const stage of INVERTED_RESIDUALS) {
      for (let block = 0; block < stage.blocks; block++) {
        const stride = block === 0 ? stage.stride : 1;
        blocks.push(new InvertedResidual(inputs, stage.channels, stride, stage.expansion, initializer));
        inputs = stage.channels;
      }
    }
    blocks.push(activated(...convolution(inputs, FEATURES, { kernel: 1 }, initializer)));
    this.trunk = new Sequential(...blocks);
    this.classifier = withDropout(new Linear(FEATURES, options.classes ?? 1000, initializer));
  }

  override members(): Iterable<readonly [string, unknown]> {
    return [
      ['features', this.trunk],
      ['classifier', this.classifier],
    ];
  }

  override get head(): Head {
    return this.classifier.layers[1] as Head;
  }

  override set head(head: Head) {
    this.classifier = withDropout(head);
  }

  override layerGroups(): readonly LayerBlock[] {
    return joinBlocks(this.layerBlocks(), STAGE_ENDS);
  }

  override get stages(): readonly FeatureStage[] {
    return mobileStages(this.trunk.layers, (block) => `features.${block}`);
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.classifier.forward(this.features(x, training), training);
  }
}

function withDropout(head: Head): Sequential {
  return new Sequential(new Dropout(0.2), head);
}

/** MobileNetV2: 3,504,872 parameters with 1,000 classes. */
export function mobilenetV2(options: MobileNetV2Options = {}): MobileNetV2 {
  return new MobileNetV2(options);
}

/** timm's (`mobilenetv2_100`). */
export const TIMM_MOBILENET_V2: Naming = {
  name: 'timm',
  marker: 'conv_stem.weight',
  layers: [
    ['conv_stem', 'features.0.0'],
    ['bn1', 'features.0.1'],
    ...timmBlocks(),
    ['conv_head', 'features.18.0'],
    ['bn2', 'features.18.1'],
    ['classifier', 'classifier.1'],
  ],
};

/** timm counts blocks within stages, torchvision from the first to the last. */
function timmBlocks(): Naming['layers'] {
  let feature = 1;
  return INVERTED_RESIDUALS.flatMap(({ expansion, blocks }, stage) =>
    Array.from({ length: blocks }, (_, block) => {
      const theirs =
        expansion === 1
          ? ['conv_dw', 'bn1', 'conv_pw', 'bn2']
          : ['conv_pw', 'bn1', 'conv_dw', 'bn2', 'conv_pwl', 'bn3'];
      const ours = expansion === 1 ? ['0.0', '0.1', '1', '2'] : ['0.0', '0.1', '1.0', '1.1', '2', '3'];
      const prefix = `features.${feature++}.conv`;
      return theirs.map((layer, i) => [`blocks.${stage}.${block}.${layer}`, `${prefix}.${ours[i]}`] as const);
    }).flat(),
  );
}

export const MOBILENET_V2: Family<'mobilenet_v2'> = {
  networks: {
    mobilenet_v2: {
      name: 'mobilenet_v2',
      create: mobilenetV2,
      defaultWeights: 'mobilenet_v2-v1',
      onProcessor: {
        reason: 'it multiplies a fourteenth as often as ResNet50',
        source: 'Sandler et al., MobileNetV2, 2018',
      },
      preprocessing: IMAGENET_PREPROCESSING,
    },
  },
  headName: 'classifier.1',
  /** At its full width: the stem, the widest block and the last convolution. */
  detect: (shapes) =>
    hasShapes(shapes, {
      'features.0.0.weight': [32, 3, 3, 3],
      'features.17.conv.1.0.weight': [960, 1, 3, 3],
      'features.18.0.weight': [1280, 320, 1, 1],
    })
      ? 'mobilenet_v2'
      : null,
  namings: [TIMM_MOBILENET_V2],
  libraries: {
    torchvision: { network: (name) => name, naming: null },
    timm: { network: () => 'mobilenetv2_100', naming: TIMM_MOBILENET_V2 },
  },
};
