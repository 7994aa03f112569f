/** Tracing: the layers of a network, in order, with their weights; and what cannot be exported. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { AttuneError } from '#src/errors';
import { graphOf, type Layer } from '#src/models/export/graph';
import { resnetSmall, vitSmall } from '#src/models/index';
import { SqueezeExcitation } from '#src/models/mobile-blocks';
import {
  Conv2d,
  Dropout,
  Hardsigmoid,
  Hardswish,
  Initializer,
  LayerNorm,
  linear,
  Module,
  Relu6,
  Sequential,
  SiLU,
} from '#src/nn/index';
import {
  add,
  flatten,
  gelu,
  globalAveragePool,
  multiply,
  reshape,
  softmax,
  square,
  transpose,
} from '#src/ops/index';
import type { Tensor, TensorLike } from '#src/tensor/tensor';

const names = (layers: readonly Layer[]) => layers.map(({ name }) => name);
const find = (layers: readonly Layer[], name: string) => layers.find((layer) => layer.name === name)!;

test('a residual network, layer by layer', async () => {
  const model = resnetSmall({ classes: 5, depth: 1 });
  const { layers } = await graphOf(model, [32, 32, 3]);
  assert.equal(names(layers), [
    ...['images', 'conv1', 'bn1', 'relu_1'],
    ...['layer1.0.conv1', 'layer1.0.bn1', 'relu_2', 'layer1.0.conv2', 'layer1.0.bn2', 'add_1', 'relu_3'],
    ...['layer2.0.conv1', 'layer2.0.bn1', 'relu_4', 'layer2.0.conv2', 'layer2.0.bn2'],
    ...['layer2.0.downsample.0', 'layer2.0.downsample.1', 'add_2', 'relu_5'],
    ...['layer3.0.conv1', 'layer3.0.bn1', 'relu_6', 'layer3.0.conv2', 'layer3.0.bn2'],
    ...['layer3.0.downsample.0', 'layer3.0.downsample.1', 'add_3', 'relu_7'],
    ...['globalAveragePool_1', 'fc'],
  ]);
  for (const [i, { inputs }] of layers.entries()) {
    for (const input of inputs) assert.ok(layers.indexOf(input) < i, 'an input comes first');
  }
  assert.equal(names(find(layers, 'add_2').inputs), ['layer2.0.bn2', 'layer2.0.downsample.1']);
  const strided = find(layers, 'layer2.0.conv1');
  assert.equal(strided.shape, [1, 16, 16, 32]);
  assert.ok(strided.kind === 'conv2d');
  assert.equal([strided.stride, strided.groups, strided.bias], [[2, 2], 1, null]);
  assert.equal(strided.padding, { top: 1, bottom: 1, left: 1, right: 1 });
  assert.equal(strided.weight.values, model.layer2.layers[0].namedParameters().next().value![1].hostValues);
  const head = find(layers, 'fc');
  assert.ok(head.kind === 'linear');
  assert.equal([head.weight.name, head.weight.shape, head.bias?.name], ['fc.weight', [64, 5], 'fc.bias']);
});

test('a model on a device gives the same layers, with the values that are there', async () => {
  const model = resnetSmall({ classes: 5, depth: 1 });
  const device = await open('cpu');
  await model.to(device);
  model.bn1.weight.set(new Float32Array(16).fill(3));
  const { layers } = await graphOf(model, [32, 32, 3]);
  const norm = find(layers, 'bn1');
  assert.ok(norm.kind === 'batchNorm');
  assert.equal([...norm.gamma.values], new Array(16).fill(3));
  assert.is(norm.epsilon, 1e-5);
  await device.close();
});

/** A network of one function. */
class Network extends Module {
  readonly body: Module;
  readonly compute: (x: Tensor) => Tensor;

  constructor(body: Module, compute: (x: Tensor) => Tensor) {
    super();
    this.body = body;
    this.compute = compute;
  }

  override forward(x: TensorLike): Tensor {
    return this.compute(this.body.forward(x));
  }
}

test("biases belong to their products, TensorFlow's padding is counted out, dropout is nothing", async () => {
  const convolution = new Conv2d(
    3,
    4,
    { kernel: 3, stride: 2, padding: 'same', bias: true },
    new Initializer(),
  );
  const body = new Sequential(convolution, new Relu6(), new Dropout(0.5));
  const head = linear(4, 2, { bias: false });
  const pooled = new Network(body, globalAveragePool);
  const graph = await graphOf(new Sequential(pooled, head), [8, 8, 3]);
  assert.equal(names(graph.layers), ['images', '0.body.0', 'relu6_1', 'globalAveragePool_1', '1']);
  const [, first, , , last] = graph.layers;
  assert.ok(first.kind === 'conv2d' && last.kind === 'linear');
  assert.is(first.bias?.name, '0.body.0.bias');
  assert.is(last.bias, null);
  // 8 pixels at stride 2: 4 windows of 3 take 9, and the odd zero is behind.
  assert.equal(first.padding, { top: 0, bottom: 1, left: 0, right: 1 });
});

test('gates, norms of channels, linear layers at each place, and maps in a row', async () => {
  const initializer = new Initializer();
  const parts = { activation: new SiLU(), gate: new Hardsigmoid() };
  const body = new Sequential(
    new SqueezeExcitation(3, 2, parts, initializer),
    new LayerNorm(3),
    linear(3, 4),
    new Hardswish(),
  );
  const inRow = (x: Tensor) => flatten(transpose(multiply(x, multiply(x, x)), [0, 3, 1, 2]));
  const { layers } = await graphOf(new Network(body, inRow), [2, 2, 3]);
  assert.equal(
    layers.map(({ name, kind, shape }) => `${name} ${kind} ${shape}`),
    [
      'images input 1,2,2,3',
      'globalAveragePool_1 globalAveragePool 1,1,1,3',
      'body.0.fc1 conv2d 1,1,1,2',
      'silu_1 silu 1,1,1,2',
      'body.0.fc2 conv2d 1,1,1,3',
      'hardSigmoid_1 hardSigmoid 1,1,1,3',
      'multiply_1 multiply 1,2,2,3',
      'body.1 layerNorm 1,2,2,3',
      'body.2 linear 1,2,2,4',
      'hardSwish_1 hardSwish 1,2,2,4',
      'multiply_2 multiply 1,2,2,4',
      'multiply_3 multiply 1,2,2,4',
      'flatten_1 flatten 1,16',
    ],
  );
  const norm = find(layers, 'body.1');
  assert.ok(norm.kind === 'layerNorm');
  assert.equal([norm.gamma.name, norm.beta.name, norm.epsilon], ['body.1.weight', 'body.1.bias', 1e-5]);
});

test('a Transformer, block by block: heads are part of the attention, and rows of the products', async () => {
  const { layers } = await graphOf(vitSmall({ classes: 5 }), [32, 32, 3]);
  const block = 'encoder.layers.encoder_layer_0';
  const start = layers.findIndex(({ name }) => name === `${block}.ln_1`);
  assert.equal(names(layers).slice(start, start + 12), [
    ...[`${block}.ln_1`, `${block}.self_attention.in_proj`, 'slice_3', 'slice_4', 'slice_5', 'attention_1'],
    ...[
      `${block}.self_attention.out_proj`,
      'add_3',
      `${block}.ln_2`,
      `${block}.mlp.0`,
      'gelu_1',
      `${block}.mlp.3`,
    ],
  ]);
  const attention = find(layers, 'attention_1');
  assert.ok(attention.kind === 'attention');
  assert.equal([attention.heads, attention.scale, attention.shape], [4, 1 / Math.sqrt(32), [1, 65, 128]]);
  assert.equal(names(attention.inputs), ['slice_3', 'slice_4', 'slice_5']);
  assert.equal(names(layers).slice(-3), ['slice_21', 'reshape_2', 'heads.head']);
  assert.not.ok(layers.some(({ kind }) => kind === 'resize'));
  // Positions between those that it has are made of its own, in the graph.
  const wide = await graphOf(vitSmall({ classes: 5 }), [48, 40, 3]);
  const resize = wide.layers.find(({ kind }) => kind === 'resize');
  assert.equal(resize?.shape, [1, 12, 10, 128]);
});

test('what has no layer is refused by name', async () => {
  const body = new Conv2d(3, 3, { kernel: 1 }, new Initializer());
  for (const [compute, words] of [
    [(x: Tensor) => softmax(globalAveragePool(x)), 'the network computes softmax,'],
    [(x: Tensor) => square(x), 'the network computes square,'],
    [(x: Tensor) => gelu(x, { approximate: 'tanh' }), 'the network computes gelu by tanh,'],
    [(x: Tensor) => reshape(x, [4, 12]), 'the network computes reshape,'],
    [(x: Tensor) => add(x, 1), 'the network computes constant,'],
  ] as const) {
    const error = await graphOf(new Network(body, compute), [4, 4, 3]).catch((thrown: unknown) => thrown);
    assert.instance(error, AttuneError);
    assert.match((error as AttuneError).message, words);
  }
});

test.run();
