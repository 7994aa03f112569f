/**
 * A small convolutional network of series, after the fully convolutional one of Wang, Yan and Oates ("Time series
 * classification from scratch with deep neural networks: a strong baseline", IJCNN 2017): three convolutions over time with
 * batch norm and ReLU, and the mean over time. Here it is narrower, and halves the steps three times.
 *
 *     series       [batch, 1, length, channels]
 *     conv1        1x9, 32, stride 2; batch norm; ReLU     length / 2
 *     conv2        1x5, 64, stride 2; batch norm; ReLU     length / 4
 *     conv3        1x3, 64, stride 2; batch norm; ReLU     length / 8
 *     mean         64 features
 *     fc           classes
 */
import { BatchNorm2d, Conv2d, Initializer, Linear, type Training } from '../nn/index.js';
import { globalAveragePool, relu } from '../ops/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type Family, type ModelEntry, type ModelOptions, networkOf } from './family.js';
import { type FeatureShape, type FeatureStage, type Head, Network } from './network.js';

/** Its positions are those of its windows. */
type SeriesOptions = Omit<ModelOptions, 'epsilon' | 'imageSize'>;

const NAMES: OptionNames<SeriesOptions> = { classes: true, seed: true, channels: true };

/** Outputs and window of each convolution. */
const LAYERS = [
  { width: 32, window: 9 },
  { width: 64, window: 5 },
  { width: 64, window: 3 },
] as const;

export class SeriesCnn extends Network {
  override readonly architecture = 'series-small';
  override readonly headName = 'fc';
  override readonly featureShape = 'map';
  override readonly heads: readonly FeatureShape[] = ['pooled'];
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  fc: Head;

  constructor(options: SeriesOptions) {
    super();
    refuseUnknownOptions(options, NAMES, 'series-small');
    const { classes = 1000, channels = 1 } = options;
    const initializer = new Initializer(options.seed);
    const [first, second, third] = LAYERS;
    this.conv1 = overTime(channels, first, initializer);
    this.bn1 = new BatchNorm2d(first.width);
    this.conv2 = overTime(first.width, second, initializer);
    this.bn2 = new BatchNorm2d(second.width);
    this.conv3 = overTime(second.width, third, initializer);
    this.bn3 = new BatchNorm2d(third.width);
    this.fc = new Linear(third.width, classes, initializer);
  }

  override get head(): Head {
    return this.fc;
  }

  override set head(head: Head) {
    this.fc = head;
  }

  /** Outputs of each convolution behind its ReLU. */
  override get stages(): readonly FeatureStage[] {
    const { conv1, bn1, conv2, bn2, conv3, bn3 } = this;
    const layers = [
      { conv: conv1, norm: bn1 },
      { conv: conv2, norm: bn2 },
      { conv: conv3, norm: bn3 },
    ];
    return layers.map(({ conv, norm }, i) => ({
      name: `conv${i + 1}`,
      stride: 2 ** (i + 1),
      channels: LAYERS[i].width,
      forward: (x: TensorLike, training?: Training) => relu(norm.forward(conv.forward(x), training)),
    }));
  }

  /** The mean over time. */
  override pool(map: Tensor): Tensor {
    return globalAveragePool(map);
  }
}

function overTime(
  inputs: number,
  { width, window }: (typeof LAYERS)[number],
  initializer: Initializer,
): Conv2d {
  const options = { kernel: [1, window], stride: [1, 2], padding: [0, (window - 1) / 2] } as const;
  return new Conv2d(inputs, width, options, initializer);
}

const networks = {
  'series-small': networkOf('series', {
    name: 'series-small',
    create: (options = {}) => new SeriesCnn(options),
  }),
} as const satisfies Record<string, ModelEntry>;

export const SERIES_CNN: Family<keyof typeof networks> = {
  networks,
  headName: 'fc',
  detect(shapes) {
    let inputs = shapes.get('conv1.weight')?.[1];
    for (const [i, { width, window }] of LAYERS.entries()) {
      if (String(shapes.get(`conv${i + 1}.weight`)) !== String([width, inputs, 1, window])) return null;
      inputs = width;
    }
    return 'series-small';
  },
  optionsOf: (shapes) => ({ channels: shapes.get('conv1.weight')?.[1] ?? 1 }),
};
