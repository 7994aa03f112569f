/**
 * ResNet 18 to 152 (He et al., CVPR 2016, table 1): torchvision's graph, layer by layer and name by name.
 *
 *     images       [batch, H, W, 3]
 *     conv1        7x7, 64, stride 2; batch norm; ReLU           H / 2
 *     max pool     3x3, stride 2                                 H / 4
 *                  18, 34: basic blocks   50, 101, 152: bottlenecks
 *     layer1        2,  3                    3,   3,   3  of  64  H / 4
 *     layer2        2,  4                    4,   4,   8     128  H / 8
 *     layer3        2,  6                    6,  23,  36     256  H / 16
 *     layer4        2,  3                    3,   3,   3     512  H / 32
 *     mean         512                    2048           features
 *     fc           classes
 */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { BatchNorm2d } from '../nn/batch-norm.js';
import type { Conv2d } from '../nn/conv2d.js';
import { Initializer } from '../nn/initializers.js';
import type { Sequential } from '../nn/layers.js';
import { Linear } from '../nn/linear.js';
import type { Training } from '../nn/module.js';
import { maxPool2d } from '../ops/pool/pool.js';
import { relu } from '../ops/pointwise/relu.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ImageClassifier } from './classifier.js';
import { countWhile, type Family, hasShape, type ModelEntry, type Naming, type Shapes } from './family.js';
import type { ModelName } from './names.js';
import type { FeatureStage, Head } from './network.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import { BasicBlock, type BlockKind, Bottleneck, convolution, stage } from './resnet-blocks.js';

/** The head and the initial values of a ResNet. */
export interface ResNetOptions {
  /** Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Seed of the initial values. Default 42. */
  readonly seed?: number;
  /** Start every residual block as its shortcut, for training from scratch. Default false, as torchvision. */
  readonly zeroInitResidual?: boolean;
}

export const RESNET_NAMES: OptionNames<ResNetOptions> = { classes: true, seed: true, zeroInitResidual: true };

type Depths = readonly [number, number, number, number];

export class ResNet extends ImageClassifier {
  override readonly architecture: string;
  override readonly headName = 'fc';
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  fc: Head;

  constructor(architecture: string, Block: BlockKind, depths: Depths, options: ResNetOptions) {
    super();
    refuseUnknownOptions(options, RESNET_NAMES, architecture);
    const initializer = new Initializer(options.seed);
    const context = { initializer, zeroInitResidual: options.zeroInitResidual ?? false };
    const outputs = (width: number) => width * Block.expansion;
    this.architecture = architecture;
    this.conv1 = convolution(3, 64, 7, 2, initializer);
    this.bn1 = new BatchNorm2d(64);
    this.layer1 = stage(Block, 64, 64, depths[0], 1, context);
    this.layer2 = stage(Block, outputs(64), 128, depths[1], 2, context);
    this.layer3 = stage(Block, outputs(128), 256, depths[2], 2, context);
    this.layer4 = stage(Block, outputs(256), 512, depths[3], 2, context);
    this.fc = new Linear(outputs(512), options.classes ?? 1000, initializer);
  }

  override get head(): Head {
    return this.fc;
  }

  override set head(head: Head) {
    this.fc = head;
  }

  /** Outputs of layer1 to layer4, with twice the channels each time; the last has 512 (ResNet 18, 34) or 2048. */
  override get stages(): readonly FeatureStage[] {
    return [this.layer1, this.layer2, this.layer3, this.layer4].map((layer, i) => ({
      name: `layer${i + 1}`,
      stride: 4 * 2 ** i,
      channels: this.head.inputs / 2 ** (3 - i),
      forward: (x, training) => layer.forward(i === 0 ? this.stem(x, training) : x, training),
    }));
  }

  private stem(x: TensorLike, training?: Training): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x), training));
    return maxPool2d(y, { kernel: 3, stride: 2, padding: 1 });
  }
}

/** ResNet 18: 11,689,512 parameters with 1,000 classes. */
export function resnet18(options: ResNetOptions = {}): ResNet {
  return new ResNet('resnet18', BasicBlock, [2, 2, 2, 2], options);
}

/** ResNet 34: 21,797,672 parameters with 1,000 classes. */
export function resnet34(options: ResNetOptions = {}): ResNet {
  return new ResNet('resnet34', BasicBlock, [3, 4, 6, 3], options);
}

/** ResNet 50: 25,557,032 parameters with 1,000 classes. */
export function resnet50(options: ResNetOptions = {}): ResNet {
  return new ResNet('resnet50', Bottleneck, [3, 4, 6, 3], options);
}

/** ResNet 101: 44,549,160 parameters with 1,000 classes. */
export function resnet101(options: ResNetOptions = {}): ResNet {
  return new ResNet('resnet101', Bottleneck, [3, 4, 23, 3], options);
}

/** ResNet 152: 60,192,808 parameters with 1,000 classes. */
export function resnet152(options: ResNetOptions = {}): ResNet {
  return new ResNet('resnet152', Bottleneck, [3, 8, 36, 3], options);
}

/** The networks by the kind of their blocks and how many there are in layer1 to layer4; some libraries have more. */
const BY_BLOCKS: Readonly<Record<string, string>> = {
  'basic 2 2 2 2': 'resnet18',
  'basic 3 4 6 3': 'resnet34',
  'bottleneck 3 4 6 3': 'resnet50',
  'bottleneck 3 4 23 3': 'resnet101',
  'bottleneck 3 8 36 3': 'resnet152',
};

/** `resnet50` of bottlenecks, 3, 4, 6 and 3 of them; null where there is none. */
export function resnetOf(kind: 'basic' | 'bottleneck', depths: readonly number[]): string | null {
  return BY_BLOCKS[`${kind} ${depths.join(' ')}`] ?? null;
}

/** Blocks of the first stages, by PyTorch's names. */
export function depthsOf(shapes: Shapes, stages: number): number[] {
  return Array.from({ length: stages }, (_, stage) =>
    countWhile((block) => shapes.has(`layer${stage + 1}.${block}.conv1.weight`)),
  );
}

/** Hugging Face's ResNets, from `microsoft/resnet-18` to `microsoft/resnet-152`, in PyTorch's files and in TensorFlow's. */
export const MICROSOFT_RESNET: Naming = {
  name: 'microsoft/resnet',
  marker: 'resnet.embedder.embedder.convolution.weight',
  inKeras: { scope: 'resnet', parts: ['embedder', 'encoder'] },
  layers: [
    ['resnet.embedder.embedder.convolution', 'conv1'],
    ['resnet.embedder.embedder.normalization', 'bn1'],
    ['resnet.encoder.stages.{s}.layers.{b}.layer.{k}.convolution', 'layer{s+1}.{b}.conv{k+1}'],
    ['resnet.encoder.stages.{s}.layers.{b}.layer.{k}.normalization', 'layer{s+1}.{b}.bn{k+1}'],
    ['resnet.encoder.stages.{s}.layers.{b}.shortcut.convolution', 'layer{s+1}.{b}.downsample.0'],
    ['resnet.encoder.stages.{s}.layers.{b}.shortcut.normalization', 'layer{s+1}.{b}.downsample.1'],
    ['classifier.1', 'fc'],
  ],
};

/** With its first ImageNet weights. */
function entry(name: ModelName, create: ModelEntry['create']): ModelEntry {
  return { name, create, defaultWeights: `${name}-v1`, preprocessing: IMAGENET_PREPROCESSING };
}

const networks = {
  resnet18: entry('resnet18', resnet18),
  resnet34: entry('resnet34', resnet34),
  resnet50: entry('resnet50', resnet50),
  resnet101: entry('resnet101', resnet101),
  resnet152: entry('resnet152', resnet152),
};

export const RESNET: Family<keyof typeof networks> = {
  networks,
  headName: 'fc',
  detect(shapes) {
    const has = (name: string, ...shape: number[]) => hasShape(shapes, name, shape);
    // Wide ResNets and ResNeXts have the same names, with other shapes in the 3x3 convolutions of their blocks.
    const isBottleneck = has('layer1.0.conv3.weight', 256, 64, 1, 1);
    if (!has('conv1.weight', 64, 3, 7, 7) || !has('layer1.0.conv2.weight', 64, 64, 3, 3)) return null;
    if (!isBottleneck && shapes.has('layer1.0.conv3.weight')) return null;
    return resnetOf(isBottleneck ? 'bottleneck' : 'basic', depthsOf(shapes, 4));
  },
  namings: [MICROSOFT_RESNET],
  // timm's have torchvision's names.
  libraries: {
    torchvision: { network: (name) => name, naming: null },
    timm: { network: (name) => name, naming: null },
    huggingface: { network: () => 'ResNetForImageClassification', naming: MICROSOFT_RESNET },
  },
};
