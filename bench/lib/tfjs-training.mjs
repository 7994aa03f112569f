/**
 * A training step of torchvision's ResNet50 or MobileNetV2 in TensorFlow.js: forward, gradients of all parameters by tfjs's own
 * differentiation, tf.train.momentum.
 *
 * Batch norm is composed as tfjs-layers composes it: tf.moments (the biased variance), then tf.batchNorm. The
 * running statistics are left out: they do not change the loss, and attune, which updates them, does more work.
 */
import { mobilenetBlocks } from './networks.mjs';
import { CLASSES, DEPTHS } from './resnet50-weights.mjs';

const EPSILON = 1e-5;

/** Puts the weights on tfjs's current backend; returns (images, labels) -> loss, and the update is made. */
export function tfjsTraining(tf, { kind }, weights, { lr, momentum }) {
  const variables = new Map();
  const put = (name, tensor) =>
    variables.set(
      name,
      tf.tidy(() => tf.variable(tensor(), true, name)),
    );
  for (const [name, { shape, data }] of weights) {
    if (name.includes('running_')) continue;
    if (shape.length === 4) put(name, () => filterOf(tf, data, shape));
    else if (shape.length === 2) put(name, () => tf.transpose(tf.tensor2d(data, shape)));
    else put(name, () => tf.tensor1d(data));
  }
  const forward = NETWORKS[kind](tf, variables);
  const optimizer = tf.train.momentum(lr, momentum);
  const trainable = [...variables.values()];
  return (images, labels) =>
    optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES), forward(images)),
      true,
      trainable,
    );
}

/** From [outputs, inputs, k, k] to [k, k, inputs, outputs]; with one input it is depthwise, [k, k, outputs, 1]. */
function filterOf(tf, data, shape) {
  return tf.transpose(tf.tensor4d(data, shape), shape[1] === 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]);
}

const NETWORKS = { resnet50, mobilenetV2 };

/** (x, conv, norm, stride) -> the convolution and its batch norm. */
function convolutions(tf, variables) {
  return (x, conv, norm, stride) => {
    const filter = variables.get(`${conv}.weight`);
    const padding = (filter.shape[0] - 1) / 2;
    const compute = filter.shape[3] === 1 ? tf.depthwiseConv2d : tf.conv2d;
    const y = compute(x, filter, stride, padding);
    const { mean, variance } = tf.moments(y, [0, 1, 2]);
    const [offset, scale] = [variables.get(`${norm}.bias`), variables.get(`${norm}.weight`)];
    return tf.batchNorm(y, mean, variance, offset, scale, EPSILON);
  };
}

/** The mean over the image, and a linear layer. */
function head(tf, variables, x, name) {
  const product = tf.matMul(tf.mean(x, [1, 2]), variables.get(`${name}.weight`));
  return tf.add(product, variables.get(`${name}.bias`));
}

function resnet50(tf, variables) {
  const convolution = convolutions(tf, variables);
  const block = (x, name, stride) => {
    const hasDownsample = variables.has(`${name}.downsample.0.weight`);
    const identity = hasDownsample
      ? convolution(x, `${name}.downsample.0`, `${name}.downsample.1`, stride)
      : x;
    let y = tf.relu(convolution(x, `${name}.conv1`, `${name}.bn1`, 1));
    y = tf.relu(convolution(y, `${name}.conv2`, `${name}.bn2`, stride));
    y = convolution(y, `${name}.conv3`, `${name}.bn3`, 1);
    return tf.relu(tf.add(y, identity));
  };
  return (images) => {
    let y = tf.maxPool(tf.relu(convolution(images, 'conv1', 'bn1', 2)), 3, 2, 1);
    for (const [stage, depth] of DEPTHS.entries()) {
      for (let i = 0; i < depth; i++) y = block(y, `layer${stage + 1}.${i}`, stage > 0 && i === 0 ? 2 : 1);
    }
    return head(tf, variables, y, 'fc');
  };
}

function mobilenetV2(tf, variables) {
  const convolution = convolutions(tf, variables);
  const activated = (x, name, stride) => tf.relu6(convolution(x, `${name}.0`, `${name}.1`, stride));
  const blocks = mobilenetBlocks();
  const block = (x, { inputs, hidden, outputs, stride }, name) => {
    const first = hidden === inputs ? 0 : 1;
    const wide = first > 0 ? activated(x, `${name}.0`, 1) : x;
    const deep = activated(wide, `${name}.${first}`, stride);
    const y = convolution(deep, `${name}.${first + 1}`, `${name}.${first + 2}`, 1);
    return stride === 1 && inputs === outputs ? tf.add(y, x) : y;
  };
  return (images) => {
    let y = activated(images, 'features.0', 2);
    for (const [i, one] of blocks.entries()) y = block(y, one, `features.${i + 1}.conv`);
    return head(tf, variables, activated(y, `features.${blocks.length + 1}`, 1), 'classifier.1');
  };
}
