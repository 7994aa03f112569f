/**
 * torchvision's ResNet50 and MobileNetV2 in TensorFlow.js, written for speed: batch norms are folded into the
 * convolutions, and bias and activation are fused into them, as TensorFlow's converter does for a graph model.
 */
import { mobilenetBlocks } from './networks.mjs';
import { DEPTHS } from './resnet50-weights.mjs';

const EPSILON = 1e-5;

/** Puts the weights on tfjs's current backend; returns images [batch, height, width, 3] -> logits. */
export function tfjsInference(tf, { kind }, weights) {
  return NETWORKS[kind](tf, weights);
}

const NETWORKS = { resnet50, mobilenetV2 };

function resnet50(tf, weights) {
  const folded = (conv, norm) => foldedConvolution(tf, weights, conv, norm);
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
  const head = linear(tf, weights, 'fc');
  const block = (x, { stride, conv1, conv2, conv3, downsample }) => {
    const identity = downsample === null ? x : downsample(x, stride, 'linear');
    const y = conv3(conv2(conv1(x, 1, 'relu'), stride, 'relu'), 1, 'linear');
    return tf.relu(tf.add(y, identity));
  };
  return (images) => {
    let y = tf.maxPool(stem(images, 2, 'relu'), 3, 2, 1);
    for (const one of blocks) y = block(y, one);
    return head(tf.mean(y, [1, 2]));
  };
}

function mobilenetV2(tf, weights) {
  const folded = (conv, norm) => foldedConvolution(tf, weights, conv, norm);
  const stem = folded('features.0.0', 'features.0.1');
  const blocks = mobilenetBlocks().map(({ inputs, hidden, outputs, stride }, i) => {
    const name = `features.${i + 1}.conv`;
    const first = hidden === inputs ? 0 : 1;
    return {
      stride,
      shortcut: stride === 1 && inputs === outputs,
      expand: first > 0 ? folded(`${name}.0.0`, `${name}.0.1`) : null,
      depthwise: folded(`${name}.${first}.0`, `${name}.${first}.1`),
      project: folded(`${name}.${first + 1}`, `${name}.${first + 2}`),
    };
  });
  const last = folded(`features.${blocks.length + 1}.0`, `features.${blocks.length + 1}.1`);
  const head = linear(tf, weights, 'classifier.1');
  const block = (x, { stride, shortcut, expand, depthwise, project }) => {
    const wide = expand === null ? x : expand(x, 1, 'relu6');
    const y = project(depthwise(wide, stride, 'relu6'), 1, 'linear');
    return shortcut ? tf.add(y, x) : y;
  };
  return (images) => {
    let y = stem(images, 2, 'relu6');
    for (const one of blocks) y = block(y, one);
    return head(tf.mean(last(y, 1, 'relu6'), [1, 2]));
  };
}

/** A linear layer; its weights are transposed once here, not in every run. */
function linear(tf, weights, name) {
  const { data, shape } = weights.get(`${name}.weight`);
  const b = tf.keep(tf.tidy(() => tf.transpose(tf.tensor2d(data, shape))));
  const bias = tf.tensor1d(weights.get(`${name}.bias`).data);
  return (a) => tf.fused.matMul({ a, b, bias });
}

/**
 * A convolution [outputs, inputs, k, k] and its batch norm as one convolution with bias, [k, k, inputs, outputs]:
 * gamma (w x - mean) / s + beta = (gamma / s) w x + (beta - gamma mean / s), with s = sqrt(variance + epsilon).
 * With one input per output it is depthwise, and tfjs wants [k, k, outputs, 1]. Returns (x, stride, activation) -> y.
 */
function foldedConvolution(tf, weights, conv, norm) {
  const { shape, data } = weights.get(`${conv}.weight`);
  const [outputs, inputs, kernel] = shape;
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (field) => weights.get(`${norm}.${field}`).data,
  );
  const taps = kernel * kernel;
  const folded = new Float32Array(data.length);
  const shift = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const scale = gamma[o] / Math.sqrt(variance[o] + EPSILON);
    shift[o] = beta[o] - mean[o] * scale;
    for (let i = 0; i < inputs; i++) {
      for (let t = 0; t < taps; t++) {
        folded[(t * inputs + i) * outputs + o] = data[(o * inputs + i) * taps + t] * scale;
      }
    }
  }
  const depthwise = inputs === 1;
  const filter = tf.tensor4d(folded, [kernel, kernel, ...(depthwise ? [outputs, 1] : [inputs, outputs])]);
  const bias = tf.tensor1d(shift);
  const pad = (kernel - 1) / 2;
  const compute = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  return (x, strides, activation) => compute({ x, filter, strides, pad, bias, activation });
}
