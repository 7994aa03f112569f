/**
 * Keras's MobileNetV2 and ResNet50 in TensorFlow.js's layers, which are Keras's: written after keras.applications, layer
 * by layer, and apart from attune's own. Each takes `tf` (tfjs-core's functions with tfjs-layers' `layers`) and a size.
 */

/** Blocks of MobileNetV2: expansion, channels, stride. */
const INVERTED_RESIDUALS = [
  [1, 16, 1],
  ...[24, 24].map((channels, i) => [6, channels, i === 0 ? 2 : 1]),
  ...[32, 32, 32].map((channels, i) => [6, channels, i === 0 ? 2 : 1]),
  ...[64, 64, 64, 64].map((channels, i) => [6, channels, i === 0 ? 2 : 1]),
  ...[96, 96, 96].map((channels) => [6, channels, 1]),
  ...[160, 160, 160].map((channels, i) => [6, channels, i === 0 ? 2 : 1]),
  [6, 320, 1],
];

/** Without a top, or with one of `classes`. */
export function kerasMobilenetV2(tf, { height, width, classes = null }) {
  const { layers } = tf;
  const norm = (name) => layers.batchNormalization({ epsilon: 1e-3, momentum: 0.999, name });
  const relu6 = (name) => layers.reLU({ maxValue: 6, name });
  const conv = (name, filters, kernelSize, strides = 1) =>
    layers.conv2d({ name, filters, kernelSize, strides, padding: 'same', useBias: false });

  const input = tf.input({ shape: [height, width, 3], name: 'input_1' });
  let y = conv('Conv1', 32, 3, 2).apply(input);
  y = relu6('Conv1_relu').apply(norm('bn_Conv1').apply(y));
  let channels = 32;
  INVERTED_RESIDUALS.forEach(([expansion, filters, strides], block) => {
    const prefix = block === 0 ? 'expanded_conv' : `block_${block}`;
    const before = y;
    if (block > 0) {
      y = conv(`${prefix}_expand`, expansion * channels, 1).apply(y);
      y = relu6(`${prefix}_expand_relu`).apply(norm(`${prefix}_expand_BN`).apply(y));
    }
    if (strides === 2) {
      const [, rows, columns] = y.shape;
      const padding = [rows, columns].map((size) => (size % 2 === 0 ? [0, 1] : [1, 1]));
      y = layers.zeroPadding2d({ padding, name: `${prefix}_pad` }).apply(y);
    }
    y = layers
      .depthwiseConv2d({
        name: `${prefix}_depthwise`,
        kernelSize: 3,
        strides,
        padding: strides === 2 ? 'valid' : 'same',
        useBias: false,
      })
      .apply(y);
    y = relu6(`${prefix}_depthwise_relu`).apply(norm(`${prefix}_depthwise_BN`).apply(y));
    y = norm(`${prefix}_project_BN`).apply(conv(`${prefix}_project`, filters, 1).apply(y));
    if (strides === 1 && channels === filters) y = layers.add({ name: `${prefix}_add` }).apply([before, y]);
    channels = filters;
  });
  const last = layers.conv2d({ name: 'Conv_1', filters: 1280, kernelSize: 1, useBias: false }).apply(y);
  y = relu6('out_relu').apply(norm('Conv_1_bn').apply(last));
  return tf.model({
    inputs: input,
    outputs: classes === null ? y : top(tf, y, 'global_average_pooling2d', classes),
  });
}

export function kerasResnet50(tf, { height, width, classes = null }) {
  const { layers } = tf;
  const norm = (name) => layers.batchNormalization({ epsilon: 1.001e-5, name });
  const relu = (name) => layers.activation({ activation: 'relu', name });
  const conv = (name, filters, kernelSize, strides = 1, padding = 'valid') =>
    layers.conv2d({ name, filters, kernelSize, strides, padding });
  const pad = (name, size) => layers.zeroPadding2d({ padding: size, name });

  const input = tf.input({ shape: [height, width, 3], name: 'input_1' });
  let y = conv('conv1_conv', 64, 7, 2).apply(pad('conv1_pad', 3).apply(input));
  y = relu('conv1_relu').apply(norm('conv1_bn').apply(y));
  y = layers
    .maxPooling2d({ poolSize: 3, strides: 2, name: 'pool1_pool' })
    .apply(pad('pool1_pad', 1).apply(y));
  [3, 4, 6, 3].forEach((depth, stage) => {
    const filters = 64 * 2 ** stage;
    for (let block = 1; block <= depth; block++) {
      const name = `conv${stage + 2}_block${block}`;
      const strides = stage > 0 && block === 1 ? 2 : 1;
      const shortcut =
        block > 1 ? y : norm(`${name}_0_bn`).apply(conv(`${name}_0_conv`, 4 * filters, 1, strides).apply(y));
      y = norm(`${name}_1_bn`).apply(conv(`${name}_1_conv`, filters, 1, strides).apply(y));
      y = conv(`${name}_2_conv`, filters, 3, 1, 'same').apply(relu(`${name}_1_relu`).apply(y));
      y = relu(`${name}_2_relu`).apply(norm(`${name}_2_bn`).apply(y));
      y = norm(`${name}_3_bn`).apply(conv(`${name}_3_conv`, 4 * filters, 1).apply(y));
      y = relu(`${name}_out`).apply(layers.add({ name: `${name}_add` }).apply([shortcut, y]));
    }
  });
  return tf.model({
    inputs: input,
    outputs: classes === null ? y : top(tf, y, 'avg_pool', classes),
  });
}

function top({ layers }, y, pool, units) {
  const pooled = layers.globalAveragePooling2d({ name: pool }).apply(y);
  return layers.dense({ name: 'predictions', units, activation: 'softmax' }).apply(pooled);
}

/**
 * Sets every variable of a model to `values(name, shape)`, with names as Keras's files have them (`Conv1/kernel`), and
 * gives them back as the tensors of such a file.
 */
export function setVariables(tf, model, values) {
  return model.layers.flatMap((layer) => {
    const tensors = layer.weights.map(({ originalName, shape }) => {
      const name = originalName.split('/').slice(-2).join('/');
      const data = values(name, shape);
      return { name, dtype: 'F32', shape, data, read: async () => data };
    });
    const set = tensors.map(({ data, shape }) => tf.tensor(data, shape));
    if (set.length > 0) layer.setWeights(set);
    tf.dispose(set);
    return tensors;
  });
}
