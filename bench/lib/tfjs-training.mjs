/**
 * A training step of torchvision's ResNet50 in TensorFlow.js: forward, gradients of all parameters by tfjs's own
 * differentiation, tf.train.momentum.
 *
 * Batch norm is composed as tfjs-layers composes it: tf.moments (the biased variance), then tf.batchNorm. The
 * running statistics are left out: they do not change the loss, and attune, which updates them, does more work.
 */
import { CLASSES, DEPTHS } from './resnet50-weights.mjs';

const EPSILON = 1e-5;

/** Puts the weights on tfjs's current backend; returns (images, labels) -> loss, and the update is made. */
export function tfjsTraining(tf, weights, { lr, momentum }) {
  const variables = new Map();
  const put = (name, tensor) =>
    variables.set(
      name,
      tf.tidy(() => tf.variable(tensor(), true, name)),
    );
  for (const [name, { shape, data }] of weights) {
    if (name.includes('running_')) continue;
    if (shape.length === 4) put(name, () => tf.transpose(tf.tensor4d(data, shape), [2, 3, 1, 0]));
    else if (shape.length === 2) put(name, () => tf.transpose(tf.tensor2d(data, shape)));
    else put(name, () => tf.tensor1d(data));
  }
  const get = (name) => variables.get(name);

  const convolution = (x, conv, norm, stride) => {
    const filter = get(`${conv}.weight`);
    const y = tf.conv2d(x, filter, stride, (filter.shape[0] - 1) / 2);
    const { mean, variance } = tf.moments(y, [0, 1, 2]);
    return tf.batchNorm(y, mean, variance, get(`${norm}.bias`), get(`${norm}.weight`), EPSILON);
  };
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
  const forward = (images) => {
    let y = tf.maxPool(tf.relu(convolution(images, 'conv1', 'bn1', 2)), 3, 2, 1);
    for (const [stage, depth] of DEPTHS.entries()) {
      for (let i = 0; i < depth; i++) y = block(y, `layer${stage + 1}.${i}`, stage > 0 && i === 0 ? 2 : 1);
    }
    return tf.add(tf.matMul(tf.mean(y, [1, 2]), get('fc.weight')), get('fc.bias'));
  };

  const optimizer = tf.train.momentum(lr, momentum);
  const trainable = [...variables.values()];
  return (images, labels) =>
    optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES), forward(images)),
      true,
      trainable,
    );
}
