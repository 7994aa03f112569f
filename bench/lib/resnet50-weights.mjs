/**
 * Random weights for torchvision's ResNet50, by PyTorch's names and in PyTorch's layout (convolutions OIHW).
 *
 * Each engine brings them into its own layout, so an error in one layout shows as a different output. Running
 * statistics are random too: with mean 0 and variance 1 a wrong batch norm would go unseen.
 */
import { uniformGenerator, uniforms } from './random.mjs';

/** Blocks of the four stages. */
export const DEPTHS = [3, 4, 6, 3];
/** Outputs of a bottleneck block, as a multiple of its width. */
export const EXPANSION = 4;
export const CLASSES = 1000;

/** How the network is trained: SGD. The rate is low, because these weights are far from any minimum. */
export const OPTIMIZER = { lr: 0.001, momentum: 0.9 };

/** The weights as entries of a weights file, which attune loads. */
export function* stateEntries(weights) {
  for (const [name, { shape, data }] of weights) yield { name, dtype: 'F32', shape, read: async () => data };
}

/** name -> { shape, data }, a function of the seed. */
export function resnet50Weights(seed) {
  const next = uniformGenerator(seed);
  const weights = new Map();
  const put = (name, shape, low, high) => {
    const count = shape.reduce((product, size) => product * size, 1);
    weights.set(name, { shape, data: uniforms(next, count, low, high) });
  };
  /** A convolution that keeps the variance of its input behind a ReLU, and its batch norm. */
  const convolution = (conv, norm, inputs, outputs, kernel, scale = 1) => {
    const bound = Math.sqrt(6 / (inputs * kernel * kernel));
    put(`${conv}.weight`, [outputs, inputs, kernel, kernel], -bound, bound);
    put(`${norm}.weight`, [outputs], 0.5 * scale, 1.5 * scale);
    put(`${norm}.bias`, [outputs], -0.2, 0.2);
    put(`${norm}.running_mean`, [outputs], -0.2, 0.2);
    put(`${norm}.running_var`, [outputs], 0.5, 1.5);
  };

  convolution('conv1', 'bn1', 3, 64, 7);
  let channels = 64;
  for (const [stage, depth] of DEPTHS.entries()) {
    const width = 64 * 2 ** stage;
    for (let i = 0; i < depth; i++) {
      const block = `layer${stage + 1}.${i}`;
      const outputs = width * EXPANSION;
      convolution(`${block}.conv1`, `${block}.bn1`, channels, width, 1);
      convolution(`${block}.conv2`, `${block}.bn2`, width, width, 3);
      // Sixteen blocks add up: a small last scale keeps the sum in bounds, as in trained networks.
      convolution(`${block}.conv3`, `${block}.bn3`, width, outputs, 1, 0.3);
      if (i === 0) convolution(`${block}.downsample.0`, `${block}.downsample.1`, channels, outputs, 1);
      channels = outputs;
    }
  }
  const bound = 1 / Math.sqrt(channels);
  put('fc.weight', [CLASSES, channels], -bound, bound);
  put('fc.bias', [CLASSES], -bound, bound);
  return weights;
}
