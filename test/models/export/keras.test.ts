/** A network in Keras's words. That TensorFlow.js understands them is shown in tfjs.slow. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AttuneError } from '#src/errors';
import { shards, type TfjsModel, tfjsJson } from '#src/formats/index';
import { graphOf } from '#src/models/export/graph';
import { kerasModel, kerasWeights } from '#src/models/export/keras';
import { resnetSmall } from '#src/models/index';
import { Conv2d, Initializer, MaxPool2d, type Module, Relu, Sequential } from '#src/nn/index';

interface Config {
  readonly class_name: string;
  readonly config: {
    readonly layers: readonly {
      readonly class_name: string;
      readonly name: string;
      readonly config: Readonly<Record<string, unknown>>;
      readonly inbound_nodes: readonly unknown[];
    }[];
    readonly output_layers: unknown;
  };
}

const convolution = (options: object, inputs = 3, outputs = 4) =>
  new Conv2d(inputs, outputs, { kernel: 3, ...options }, new Initializer());

async function layersOf(...modules: Module[]) {
  const { config } = kerasModel(await graphOf(new Sequential(...modules), [8, 8, 3]), 'net');
  return (config as Config).config.layers;
}

test('a residual network: classes, inputs, variables in order', async () => {
  const keras = kerasModel(await graphOf(resnetSmall({ classes: 5, depth: 1 }), [32, 32, 3]), 'resnet-small');
  const { class_name, config } = keras.config as Config;
  assert.is(class_name, 'Functional');
  const { layers } = config;
  assert.equal(
    layers.slice(0, 4).map(({ class_name: type, name }) => [type, name]),
    [
      ['InputLayer', 'images'],
      ['Conv2D', 'conv1'],
      ['BatchNormalization', 'bn1'],
      ['ReLU', 'relu_1'],
    ],
  );
  const add = layers.find(({ name }) => name === 'add_1')!;
  assert.equal(add.inbound_nodes, [
    [
      ['layer1.0.bn2', 0, 0, {}],
      ['relu_1', 0, 0, {}],
    ],
  ]);
  assert.equal(layers[0].inbound_nodes, []);
  assert.equal(
    layers.slice(-3).map(({ class_name: type, name }) => [type, name]),
    [
      ['GlobalAveragePooling2D', 'globalAveragePool_1'],
      ['Dense', 'fc'],
      ['Activation', 'probabilities'],
    ],
  );
  assert.equal(config.output_layers, [['probabilities', 0, 0]]);
  assert.equal(
    kerasWeights(keras)
      .slice(0, 5)
      .map(({ name, shape }) => `${name} [${shape}]`),
    [
      'conv1/kernel [3,3,3,16]',
      'bn1/gamma [16]',
      'bn1/beta [16]',
      'bn1/moving_mean [16]',
      'bn1/moving_variance [16]',
    ],
  );
});

test("padding: Keras's 'same' where it means the same, else zeros of its own", async () => {
  const padding = async (options: object) =>
    (await layersOf(convolution(options))).map(({ class_name, config }) => [class_name, config['padding']]);
  const input = ['InputLayer', undefined];
  const output = ['Activation', undefined];
  assert.equal(await padding({ padding: 1 }), [input, ['Conv2D', 'same'], output]);
  assert.equal(await padding({ padding: 2, dilation: 2 }), [input, ['Conv2D', 'same'], output]);
  assert.equal(await padding({}), [input, ['Conv2D', 'valid'], output]);
  const zeros = (...sides: number[][]) => [input, ['ZeroPadding2D', sides], ['Conv2D', 'valid'], output];
  assert.equal(await padding({ padding: 1, stride: 2 }), zeros([1, 1], [1, 1]));
  assert.equal(await padding({ padding: 'same', stride: 2 }), zeros([0, 1], [0, 1]));
  assert.equal(await padding({ padding: [1, 0] }), zeros([1, 1], [0, 0]));
});

test('depthwise convolutions have a class of their own; other groups are refused', async () => {
  const [, depthwise] = await layersOf(convolution({ groups: 3 }, 3, 3));
  assert.equal([depthwise.class_name, depthwise.config['depth_multiplier']], ['DepthwiseConv2D', 1]);
  const error = await layersOf(convolution({ groups: 3 }, 3, 6)).catch((thrown: unknown) => thrown);
  assert.instance(error, AttuneError);
  assert.match((error as AttuneError).message, /in groups of several channels, which Keras's layers do not/);
});

test('zeros around a pool are no difference behind a ReLU, and refused elsewhere', async () => {
  const pool = () => new MaxPool2d({ kernel: 3, stride: 2, padding: 1 });
  const behind = await layersOf(convolution({}), new Relu(), pool());
  assert.equal(
    behind.map(({ class_name }) => class_name),
    ['InputLayer', 'Conv2D', 'ReLU', 'ZeroPadding2D', 'MaxPooling2D', 'Activation'],
  );
  const error = await layersOf(convolution({}), pool()).catch((thrown: unknown) => thrown);
  assert.match((error as AttuneError).message, /padded pooling of numbers below zero/);
});

test('weights are cut every 4 MiB, wherever that is', async () => {
  const MiB = 2 ** 20;
  const model: TfjsModel = {
    config: {},
    metadata: {},
    weights: [4, 3 * MiB - 4, MiB / 2, 5 * MiB].map((bytes, i) => ({
      ...{ name: `w${i}`, dtype: 'F32' as const, shape: [bytes / 4] },
      data: new Uint8Array(bytes).fill(i + 1),
    })),
  };
  const { paths } = JSON.parse(tfjsJson(model)).weightsManifest[0];
  assert.equal(paths, ['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin']);
  const files: [string, Buffer][] = [];
  for await (const { name, pieces } of shards(model)) files.push([name, Buffer.concat(pieces)]);
  assert.equal(
    files.map(([name, bytes]) => [name, bytes.length]),
    [
      [paths[0], 4 * MiB],
      [paths[1], 4 * MiB],
      [paths[2], MiB / 2],
    ],
  );
  const joined = Buffer.concat(files.map(([, bytes]) => bytes));
  const expected = Buffer.concat(model.weights.map(({ data }) => data as Uint8Array));
  assert.ok(joined.equals(expected));
});

test.run();
