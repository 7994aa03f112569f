/**
 * The networks that engines are asked for: plain descriptions, and random weights for them by PyTorch's names and in
 * PyTorch's layout.
 *
 * - RESNET50, MOBILENET_V2 and VIT_B_16, torchvision's. The dropout before MobileNetV2's head is left out: it is random.
 * - Rows of MobileNetV2's table 2 (Sandler et al., CVPR 2018) with a mean and a linear head behind them:
 *   { kind: 'invertedResiduals', channels, rows: [[t, c, n, s], ...] }.
 * - SMALL: two convolutions 3x3, the second with stride 2, each with batch norm and ReLU; a mean and a linear head.
 */
import { uniformGenerator, uniforms } from './random.mjs';
import { CLASSES, resnet50Weights } from './resnet50-weights.mjs';

export const RESNET50 = { kind: 'resnet50', channels: 3 };
export const MOBILENET_V2 = { kind: 'mobilenetV2', channels: 3 };
export const VIT_B_16 = { kind: 'vitB16', channels: 3 };
export const SMALL = { kind: 'small', channels: 3 };
/** Filters of SMALL's convolutions. */
export const SMALL_FILTERS = [16, 32];

/** The rows of the table: expansion t, output channels c, how often n, stride s of the first. */
const ROWS = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];
/** What the first row is given: the output of the stem, for images of 224 pixels. */
const FIRST = { channels: 32, side: 112 };
/** Channels of MobileNetV2's last convolution. */
const FEATURES = 1280;

/** Each row as a network of its own, then all of them: { name, network, side } with the side of the input. */
export function mobilenetNetworks() {
  const networks = [];
  let { channels, side } = FIRST;
  for (const row of ROWS) {
    const [t, c, n, s] = row;
    networks.push({
      name: `${side}x${side}x${channels}, t=${t} c=${c} n=${n} s=${s}`,
      network: { kind: 'invertedResiduals', channels, rows: [row] },
      side,
    });
    channels = c;
    side /= s;
  }
  const all = { kind: 'invertedResiduals', channels: FIRST.channels, rows: ROWS };
  return [
    ...networks,
    { name: `${FIRST.side}x${FIRST.side}x${FIRST.channels}, all rows`, network: all, side: FIRST.side },
  ];
}

/** The blocks of a network of rows: { inputs, hidden, outputs, stride } each. */
export function blocksOf({ channels, rows }) {
  let inputs = channels;
  return rows.flatMap(([expansion, outputs, times, stride]) =>
    Array.from({ length: times }, (_, i) => {
      const block = { inputs, hidden: inputs * expansion, outputs, stride: i === 0 ? stride : 1 };
      inputs = outputs;
      return block;
    }),
  );
}

/** The blocks of MobileNetV2, whose names are features.1 and on; the last convolution is that of features.18. */
export function mobilenetBlocks() {
  return blocksOf({ channels: FIRST.channels, rows: ROWS });
}

/** name -> { shape, data }, a function of network and seed. */
export function networkWeights(network, seed) {
  return WEIGHTS[network.kind](network, seed);
}

const WEIGHTS = {
  resnet50: (_, seed) => resnet50Weights(seed),
  mobilenetV2: mobilenetWeights,
  vitB16: vitWeights,
  invertedResiduals: invertedResidualWeights,
  small: smallWeights,
};

/** By the names of torchvision's InvertedResidual in an nn.Sequential `blocks`; the head is `fc`. */
function invertedResidualWeights(network, seed) {
  const maker = new WeightMaker(seed);
  const blocks = blocksOf(network);
  for (const [i, block] of blocks.entries()) maker.invertedResidual(`blocks.${i}`, block);
  maker.head('fc', blocks.at(-1).outputs);
  return maker.weights;
}

function mobilenetWeights({ channels }, seed) {
  const maker = new WeightMaker(seed);
  const blocks = mobilenetBlocks();
  const last = blocks.length + 1;
  maker.convolution('features.0.0', 'features.0.1', [FIRST.channels, channels, 3, 3]);
  for (const [i, block] of blocks.entries()) maker.invertedResidual(`features.${i + 1}`, block);
  maker.convolution(`features.${last}.0`, `features.${last}.1`, [FEATURES, blocks.at(-1).outputs, 1, 1]);
  maker.head('classifier.1', FEATURES);
  return maker.weights;
}

function smallWeights({ channels }, seed) {
  const maker = new WeightMaker(seed);
  const [first, second] = SMALL_FILTERS;
  maker.convolution('conv1', 'bn1', [first, channels, 3, 3]);
  maker.convolution('conv2', 'bn2', [second, first, 3, 3]);
  maker.head('fc', second);
  return maker.weights;
}

/** ViT-B/16 (Dosovitskiy et al., 2021) for images of 224 pixels: 12 blocks of 768 channels over 197 tokens. */
function vitWeights({ channels }, seed) {
  const [blocks, width, patch, tokens] = [12, 768, 16, 197];
  const maker = new WeightMaker(seed);
  maker.uniform('class_token', [1, 1, width], 0.5);
  maker.uniform('encoder.pos_embedding', [1, tokens, width], 0.5);
  maker.linear('conv_proj', [width, channels, patch, patch]);
  for (let i = 0; i < blocks; i++) {
    const block = `encoder.layers.encoder_layer_${i}`;
    maker.norm(`${block}.ln_1`, width);
    const [weight, bias] = ['weight', 'bias'].map((part) => `${block}.self_attention.in_proj_${part}`);
    maker.uniform(weight, [3 * width, width], Math.sqrt(3 / width));
    maker.uniform(bias, [3 * width], 0.1);
    maker.linear(`${block}.self_attention.out_proj`, [width, width]);
    maker.norm(`${block}.ln_2`, width);
    maker.linear(`${block}.mlp.0`, [4 * width, width]);
    maker.linear(`${block}.mlp.3`, [width, 4 * width]);
  }
  maker.norm('encoder.ln', width);
  maker.head('heads.head', width);
  return maker.weights;
}

class WeightMaker {
  weights = new Map();
  #next;

  constructor(seed) {
    this.#next = uniformGenerator(seed);
  }

  /** A convolution [outputs, inputs, height, width] that keeps the variance behind a ReLU, and its batch norm. */
  convolution(conv, norm, shape) {
    const [outputs, ...rest] = shape;
    const bound = Math.sqrt(6 / sizeOf(rest));
    this.#put(`${conv}.weight`, shape, -bound, bound);
    this.#put(`${norm}.weight`, [outputs], 0.5, 1.5);
    this.#put(`${norm}.bias`, [outputs], -0.2, 0.2);
    this.#put(`${norm}.running_mean`, [outputs], -0.2, 0.2);
    this.#put(`${norm}.running_var`, [outputs], 0.5, 1.5);
  }

  /** By the names of torchvision's InvertedResidual. */
  invertedResidual(name, { inputs, hidden, outputs }) {
    const first = hidden === inputs ? 0 : 1;
    if (first > 0) this.convolution(`${name}.conv.0.0`, `${name}.conv.0.1`, [hidden, inputs, 1, 1]);
    this.convolution(`${name}.conv.${first}.0`, `${name}.conv.${first}.1`, [hidden, 1, 3, 3]);
    this.convolution(`${name}.conv.${first + 1}`, `${name}.conv.${first + 2}`, [outputs, hidden, 1, 1]);
  }

  /** A linear layer or a patch's convolution [outputs, ...] that keeps the variance. */
  linear(name, shape) {
    const [outputs, ...rest] = shape;
    this.uniform(`${name}.weight`, shape, Math.sqrt(3 / sizeOf(rest)));
    this.uniform(`${name}.bias`, [outputs], 0.1);
  }

  norm(name, size) {
    this.#put(`${name}.weight`, [size], 0.5, 1.5);
    this.uniform(`${name}.bias`, [size], 0.2);
  }

  uniform(name, shape, bound) {
    this.#put(name, shape, -bound, bound);
  }

  head(name, features) {
    const bound = 1 / Math.sqrt(features);
    this.#put(`${name}.weight`, [CLASSES, features], -bound, bound);
    this.#put(`${name}.bias`, [CLASSES], -bound, bound);
  }

  #put(name, shape, low, high) {
    this.weights.set(name, { shape, data: uniforms(this.#next, sizeOf(shape), low, high) });
  }
}

function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
