/**
 * TensorFlow.js with its WebGPU backend, on attune's own Dawn: its WebAssembly backend cannot train, having no
 * gradient of a convolution's weights. The small ResNet (src/models/resnet-small.ts) in tfjs's operations, which
 * differentiates by itself; weight decay and the running statistics, of which tf.train has nothing, as PyTorch has them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { startWebgpu } from '../engines/tfjs.mjs';

const EPSILON = 1e-5;
/** Of a batch in the running statistics. */
const STATISTICS_RATE = 0.1;

/** Opens the adapter of that name for a task (task.mjs). */
export async function openTfjs(task, { adapter }) {
  const { setting } = await startWebgpu(adapter);
  // Registers gradients, which tfjs-core's own build for Node leaves out.
  await import('@tensorflow/tfjs');
  const { batch, side, channels, classes, momentum, weightDecay } = task;
  const variables = variablesOf(task.weights);
  const trained = [...variables].flatMap(([name, value]) => (name.includes('running_') ? [] : [value]));
  const forward = smallResNet(variables, task);
  const optimizer = tf.train.momentum(task.lr, momentum, true);

  const step = ({ images, labels }, rate) =>
    tf.tidy(() => {
      const x = tf.tensor4d(images, [batch, side, side, channels]);
      const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(wanted, forward(x, true)),
        trained,
      );
      for (const { name } of trained) {
        const weight = variables.get(name);
        grads[name] = tf.add(grads[name], tf.mul(weight, weightDecay));
      }
      optimizer.setLearningRate(rate);
      optimizer.applyGradients(grads);
      return value;
    });
  const predict = (images, count) =>
    tf.tidy(() => tf.argMax(forward(tf.tensor4d(images, [count, side, side, channels]), false), 1));
  return {
    name: `tfjs-backend-webgpu ${tf.version_core}`,
    setting,
    step: async (...given) => (await valuesOf(step(...given)))[0],
    predict: (...given) => valuesOf(predict(...given)),
  };
}

async function valuesOf(tensor) {
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

/** By PyTorch's names, in tfjs's layouts: filters [height, width, inputs, outputs], the head [inputs, outputs]. */
function variablesOf(weights) {
  const made = ([name, { shape, data }]) => {
    const given = tf.tensor(data, shape);
    const axes = { 4: [2, 3, 1, 0], 2: [1, 0], 1: [0] }[shape.length];
    return [name, tf.variable(tf.transpose(given, axes), !name.includes('running_'), name)];
  };
  return new Map(tf.tidy(() => Array.from(weights, made)));
}

function smallResNet(variables, { depth }) {
  const convolution = (x, conv, norm, stride, training) => {
    const filter = variables.get(`${conv}.weight`);
    const y = tf.conv2d(x, filter, stride, (filter.shape[0] - 1) / 2);
    const [offset, scale, mean, variance] = ['bias', 'weight', 'running_mean', 'running_var'].map((name) =>
      variables.get(`${norm}.${name}`),
    );
    if (!training) return tf.batchNorm(y, mean, variance, offset, scale, EPSILON);
    const batch = tf.moments(y, [0, 1, 2]);
    const count = y.size / y.shape[3];
    follow(mean, batch.mean);
    follow(variance, tf.mul(batch.variance, count / (count - 1)));
    return tf.batchNorm(y, batch.mean, batch.variance, offset, scale, EPSILON);
  };
  const block = (x, name, stride, training) => {
    const hasDownsample = variables.has(`${name}.downsample.0.weight`);
    const identity = hasDownsample
      ? convolution(x, `${name}.downsample.0`, `${name}.downsample.1`, stride, training)
      : x;
    const y = tf.relu(convolution(x, `${name}.conv1`, `${name}.bn1`, stride, training));
    return tf.relu(tf.add(convolution(y, `${name}.conv2`, `${name}.bn2`, 1, training), identity));
  };
  return (images, training) => {
    let y = tf.relu(convolution(images, 'conv1', 'bn1', 1, training));
    for (const stage of [1, 2, 3]) {
      for (let i = 0; i < depth; i++)
        y = block(y, `layer${stage}.${i}`, stage > 1 && i === 0 ? 2 : 1, training);
    }
    const product = tf.matMul(tf.mean(y, [1, 2]), variables.get('fc.weight'));
    return tf.add(product, variables.get('fc.bias'));
  };
}

/** Moves a running statistic towards that of a batch. */
function follow(running, batch) {
  running.assign(tf.add(tf.mul(running, 1 - STATISTICS_RATE), tf.mul(batch, STATISTICS_RATE)));
}
