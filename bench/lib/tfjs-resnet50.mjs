/**
 * torchvision's ResNet50 in TensorFlow.js, written for speed: batch norms are folded into the convolutions, and
 * bias and ReLU are fused into them, as TensorFlow's converter does for a graph model.
 */
import { DEPTHS } from './resnet50-weights.mjs';

const EPSILON = 1e-5;

/** Puts the weights on tfjs's current backend; returns images [batch, height, width, 3] -> logits. */
export function tfjsResnet50(tf, weights) {
  const data = (name) => weights.get(name).data;
  const folded = (conv, norm) => foldedConvolution(tf, weights.get(`${conv}.weight`), norm, data);
  const stem = folded('conv1', 'bn1');
  const blocks = DEPTHS.flatMap((depth, stage) =>
    Array.from({ length: depth }, (_, i) => {
      const name = `layer${stage + 1}.${i}`;
      return {
        stride: stage > 0 && i === 0 ? 2 : 1,
        conv1: folded(`${name}.conv1`, `${name}.bn1`),
        conv2: folded(`${name}.conv2`, `${name}.bn2`),
        conv3: folded(`${name}.conv3`, `${name}.bn3`),
        downsample: i === 0 ? folded(`${name}.downsample.0`, `${name}.downsample.1`) : null,
      };
    }),
  );
  const fc = weights.get('fc.weight');
  // Transposed once here, not in every run.
  const head = tf.keep(tf.tidy(() => tf.transpose(tf.tensor2d(fc.data, fc.shape))));
  const bias = tf.tensor1d(data('fc.bias'));

  const conv = (x, { filter, bias, kernel }, strides, activation) =>
    tf.fused.conv2d({ x, filter, strides, pad: (kernel - 1) / 2, bias, activation });
  const block = (x, { stride, conv1, conv2, conv3, downsample }) => {
    const identity = downsample === null ? x : conv(x, downsample, stride, 'linear');
    let y = conv(x, conv1, 1, 'relu');
    y = conv(y, conv2, stride, 'relu');
    y = conv(y, conv3, 1, 'linear');
    return tf.relu(tf.add(y, identity));
  };
  return (images) => {
    let y = tf.maxPool(conv(images, stem, 2, 'relu'), 3, 2, 1);
    for (const one of blocks) y = block(y, one);
    return tf.fused.matMul({ a: tf.mean(y, [1, 2]), b: head, bias });
  };
}

/**
 * A convolution [outputs, inputs, k, k] and its batch norm as one convolution with bias, [k, k, inputs, outputs]:
 * gamma (w x - mean) / s + beta = (gamma / s) w x + (beta - gamma mean / s), with s = sqrt(variance + epsilon).
 */
function foldedConvolution(tf, { shape, data }, norm, array) {
  const [outputs, inputs, kernel] = shape;
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((field) =>
    array(`${norm}.${field}`),
  );
  const taps = kernel * kernel;
  const filter = new Float32Array(data.length);
  const bias = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const scale = gamma[o] / Math.sqrt(variance[o] + EPSILON);
    bias[o] = beta[o] - mean[o] * scale;
    for (let i = 0; i < inputs; i++) {
      for (let t = 0; t < taps; t++) {
        filter[(t * inputs + i) * outputs + o] = data[(o * inputs + i) * taps + t] * scale;
      }
    }
  }
  return {
    kernel,
    filter: tf.tensor4d(filter, [kernel, kernel, inputs, outputs]),
    bias: tf.tensor1d(bias),
  };
}
