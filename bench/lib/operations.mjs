/**
 * Single operations that attune and jax-js are both asked for, and tfjs where there is a `tfjs`. Shapes are attune's: images NHWC, weights HWIO; where
 * `images` is true, jax-js gets both in its own order, NCHW and OIHW, and its result is turned back afterwards.
 * `attune` is given attune's operations, `jax` jax-js's module, and both the inputs.
 */
import { uniformGenerator, uniforms } from './random.mjs';

const MATRIX = [1024, 4096];

function convolution(side, channels, filters, kernel, { stride = 1, groups = 1 } = {}) {
  const padding = (kernel - 1) / 2;
  return {
    images: true,
    shapes: [
      [1, side, side, channels],
      [kernel, kernel, channels / groups, filters],
    ],
    attune: (ops, x, w) => ops.conv2d(x, w, { stride, padding, groups }),
    jax: ({ lax }, x, w) => {
      const around = [padding, padding];
      const options = { featureGroupCount: groups };
      return lax.convGeneralDilated(x, w, [stride, stride], [around, around], options);
    },
  };
}

function onMatrices(count, attune, jax) {
  return { shapes: new Array(count).fill(MATRIX), attune, jax };
}

export const OPERATIONS = {
  'matrix product, 1152x1152x1152': {
    shapes: [
      [1152, 1152],
      [1152, 1152],
    ],
    attune: (ops, a, b) => ops.matmul(a, b),
    jax: ({ numpy }, a, b) => numpy.matmul(a, b),
    tfjs: (tf, a, b) => tf.matMul(a, b),
  },
  'convolution 3x3, 56x56x64 to 64': convolution(56, 64, 64, 3),
  'convolution 1x1, 56x56x256 to 64': convolution(56, 256, 64, 1),
  'convolution 7x7 /2, 224x224x3 to 64': convolution(224, 3, 64, 7, { stride: 2 }),
  'depthwise 3x3, 56x56x144': convolution(56, 144, 144, 3, { groups: 144 }),
  'a + b, 1024x4096': onMatrices(
    2,
    (ops, a, b) => ops.add(a, b),
    ({ numpy }, a, b) => numpy.add(a, b),
  ),
  'relu(a * b + c), 1024x4096': onMatrices(
    3,
    (ops, a, b, c) => ops.relu(ops.add(ops.multiply(a, b), c)),
    ({ numpy, nn }, a, b, c) => nn.relu(numpy.add(numpy.multiply(a, b), c)),
  ),
  'e^x, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.exp(x),
    ({ numpy }, x) => numpy.exp(x),
  ),
  'sigmoid, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.sigmoid(x),
    ({ nn }, x) => nn.sigmoid(x),
  ),
  'sum of all, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.sum(x),
    ({ numpy }, x) => numpy.sum(x),
  ),
  'sum over rows, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.sum(x, 0),
    ({ numpy }, x) => numpy.sum(x, 0),
  ),
  'sum along rows, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.sum(x, 1),
    ({ numpy }, x) => numpy.sum(x, 1),
  ),
  'mean along rows, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.mean(x, 1),
    ({ numpy }, x) => numpy.mean(x, 1),
  ),
  'max along rows, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.max(x, 1),
    ({ numpy }, x) => numpy.max(x, 1),
  ),
  'softmax, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.softmax(x),
    ({ nn }, x) => nn.softmax(x, -1),
  ),
  'transpose, 1024x4096': onMatrices(
    1,
    (ops, x) => ops.transpose(x),
    ({ numpy }, x) => numpy.transpose(x),
  ),
  'transpose in batches, 64x256x256': {
    shapes: [[64, 256, 256]],
    attune: (ops, x) => ops.transpose(x, [0, 2, 1]),
    jax: ({ numpy }, x) => numpy.transpose(x, [0, 2, 1]),
  },
};

/** Data of an operation's inputs: uniform in [-1, 1), so that sums of all have no trend that hides errors. */
export function operationInputs({ shapes }, seed) {
  const next = uniformGenerator(seed);
  return shapes.map((shape) => ({
    shape,
    data: uniforms(
      next,
      shape.reduce((product, size) => product * size, 1),
      -1,
      1,
    ),
  }));
}

/** `data` of this shape with its axes in another order: axis i of the result is axis order[i]. */
export function permuted(data, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(data.length);
  let at = 0;
  const walk = (depth, from) => {
    if (depth === order.length) {
      result[at++] = data[from];
      return;
    }
    const axis = order[depth];
    for (let i = 0; i < shape[axis]; i++) walk(depth + 1, from + i * strides[axis]);
  };
  walk(0, 0);
  return result;
}
