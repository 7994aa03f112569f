/** What every network has, whatever its input is: stages whose features can be taken, and a head over the last. */
import { openCpu } from '#src/device/cpu/node';
import { AttuneError } from '#src/errors';
import {
  type FeatureOptions,
  findModel,
  type FeatureShape,
  type FeatureStage,
  MODEL_NAMES,
  Network,
  putHead,
  resnetSmall,
} from '#src/models/index';
import { linear } from '#src/nn/linear';
import { FUSIONS } from '#src/ops/fusions';
import { mean } from '#src/ops/reduce/mean';
import { Device } from '#src/program/device';
import { record } from '#src/program/recording';
import { classification, regression } from '#src/tasks/index';
import { generator } from '#src/tensor/philox';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Name, stride and channels of each stage; those of residual networks double. */
const doubling = (names: readonly string[], stride: number, channels: number) =>
  names.map((name, i) => [name, stride * 2 ** i, channels * 2 ** i]);
/** Those of Transformers are blocks of one size, the last with its norm. */
const tokens = (blocks: number, patch: number, channels: number) =>
  Array.from({ length: blocks }, (_, i) => [
    i < blocks - 1 ? `encoder.layers.encoder_layer_${i}` : 'encoder.ln',
    patch,
    channels,
  ]);
const LAYERS = ['layer1', 'layer2', 'layer3', 'layer4'];
/** What the heads take that have layers between them and the last stage, or more than one place of it. */
const HEAD_INPUTS: Readonly<Partial<Record<string, number>>> = {
  mobilenet_v3_large: 1280,
  mobilenet_v3_small: 1024,
  vgg16: 4096,
  // Two tokens beside each other.
  deit_ti_16_distilled: 2 * 192,
  deit_s_16_distilled: 2 * 384,
  deit_b_16_distilled: 2 * 768,
};

const STAGES: Readonly<Record<(typeof MODEL_NAMES)[number], readonly unknown[]>> = {
  resnet18: doubling(LAYERS, 4, 64),
  resnet34: doubling(LAYERS, 4, 64),
  resnet50: doubling(LAYERS, 4, 256),
  resnet101: doubling(LAYERS, 4, 256),
  resnet152: doubling(LAYERS, 4, 256),
  'resnet-small': doubling(LAYERS.slice(0, 3), 1, 16),
  'resnet50-keras': doubling(
    ['conv2_block3_out', 'conv3_block4_out', 'conv4_block6_out', 'conv5_block3_out'],
    4,
    256,
  ),
  mobilenet_v2: [
    ['features.1', 2, 16],
    ['features.3', 4, 24],
    ['features.6', 8, 32],
    ['features.13', 16, 96],
    ['features.18', 32, 1280],
  ],
  mobilenet_v3_large: [
    ['features.1', 2, 16],
    ['features.3', 4, 24],
    ['features.6', 8, 40],
    ['features.12', 16, 112],
    ['features.16', 32, 960],
  ],
  mobilenet_v3_small: [
    ['features.0', 2, 16],
    ['features.1', 4, 16],
    ['features.3', 8, 24],
    ['features.8', 16, 48],
    ['features.12', 32, 576],
  ],
  efficientnet_b0: [
    ['features.1.0', 2, 16],
    ['features.2.1', 4, 24],
    ['features.3.1', 8, 40],
    ['features.5.2', 16, 112],
    ['features.8', 32, 1280],
  ],
  convnext_tiny: doubling(['features.1.2', 'features.3.2', 'features.5.8', 'features.7.2'], 4, 96),
  vgg16: [
    ['features.4', 2, 64],
    ['features.9', 4, 128],
    ['features.16', 8, 256],
    ['features.23', 16, 512],
    ['features.30', 32, 512],
  ],
  'mobilenet_v2-keras': [
    ['expanded_conv_project_BN', 2, 16],
    ['block_2_add', 4, 24],
    ['block_5_add', 8, 32],
    ['block_12_add', 16, 96],
    ['out_relu', 32, 1280],
  ],
  vit_ti_16: tokens(12, 16, 192),
  vit_s_16: tokens(12, 16, 384),
  vit_b_16: tokens(12, 16, 768),
  vit_b_32: tokens(12, 32, 768),
  vit_l_16: tokens(24, 16, 1024),
  deit_ti_16_distilled: tokens(12, 16, 192),
  deit_s_16_distilled: tokens(12, 16, 384),
  deit_b_16_distilled: tokens(12, 16, 768),
  'vit-small': tokens(6, 4, 128),
  'series-small': [
    ['conv1', 2, 32],
    ['conv2', 4, 64],
    ['conv3', 8, 64],
  ],
};

test('every network says where its stages end, how large their features are, and how many', () => {
  for (const name of MODEL_NAMES) {
    const model = findModel(name).create({ classes: 3 });
    const { stages, headName } = model;
    const found = stages.map((stage) => [stage.name, stage.stride, stage.channels]);
    assert.equal(found, STAGES[name], name);
    assert.is(HEAD_INPUTS[name] ?? stages.at(-1)?.channels, model.head.inputs);
    const names = [...model.layerNames(), ...Array.from(model.namedChildren(), ([child]) => child)];
    for (const stage of stages) assert.ok(names.includes(stage.name) && stage.name !== headName, stage.name);
  }
});

const device = new Device(await openCpu({ threads: 1 }), FUSIONS);
test.after(() => device.close());

for (const name of [
  'resnet18',
  'resnet50',
  'resnet-small',
  'resnet50-keras',
  'mobilenet_v2',
  'mobilenet_v2-keras',
  'mobilenet_v3_large',
  'mobilenet_v3_small',
  'efficientnet_b0',
  'convnext_tiny',
]) {
  test(`${name} gives maps at each of its stages, and their means`, async () => {
    const model = findModel(name).create({ classes: 3 });
    // What is recorded does not depend on values, and random ones take long to make.
    for (const { array } of model.namedArrays()) array.set(new Float32Array(array.length));
    await model.to(device);
    record(() => {
      const x = tensor(new Float32Array(64 * 96 * 3), [1, 64, 96, 3]);
      for (const { name: stage, stride, channels } of model.stages) {
        const map = model.features(x, { stage, as: 'map' });
        assert.equal(map.shape, [1, 64 / stride, 96 / stride, channels]);
        assert.equal(model.features(x, { stage }).shape, [1, channels]);
      }
      assert.equal(model.features(x).shape, [1, model.head.inputs]);
    });
    model.close();
  });
}

test('features at a stage are those of a whole pass, and nothing above it is computed or counted', async () => {
  const model = await resnetSmall({ depth: 1, widths: [4, 4, 8] }).to(device);
  const pixels = Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => Math.sin(i * i));
  const images = () => tensor(pixels, [2, 8, 8, 3]);
  const statistics = async () =>
    new Map(Array.from(await model.readValues(), ([array, values]) => [array, [...values].join()] as const));
  const stage = 'layer2';
  const [whole, alone, last] = await device.run(() => [
    model.stageFeatures(images())[1]!,
    model.features(images(), { stage, as: 'map' }),
    model.features(images(), { as: 'map' }),
  ]);
  assert.equal([...alone], [...whole]);
  assert.not.equal(last.length, whole.length);
  const before = await statistics();
  const trained = await device.run(() =>
    model.features(images(), { stage, as: 'map', random: generator(1) }),
  );
  assert.not.equal([...trained], [...alone]);
  await device.run(() => model.memory.commitStatistics());
  const after = await statistics();
  const moved = [...model.namedBuffers()].flatMap(([name, array]) =>
    before.get(array) === after.get(array) ? [] : [name.split('.')[0]],
  );
  assert.equal([...new Set(moved)], ['bn1', 'layer1', 'layer2']);
  model.close();
});

/** Refusals of a call, as `what: hint`. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'usage') return `${error.what}: ${error.hint}`;
    throw error;
  }
  return 'nothing was thrown';
}

test('stages that a network does not have, and shapes that it does not give, are refused by name', () => {
  const refused = (options: FeatureOptions) =>
    refusal(() => resnetSmall().features(undefined as never, options));
  assert.is(
    refused({ stage: 'layer4' }),
    'resnet-small has no features at layer4: its stages are layer1, layer2, layer3',
  );
  assert.is(
    refused({ as: 'sequence' }),
    'resnet-small has no features as sequence: ask for them as map or as pooled',
  );
  assert.is(
    refused({ as: 'pool' } as never),
    'resnet-small has no features as pool: ask for them as map or as pooled',
  );
});

test('a pass to features that trains needs its random numbers, as any other', async () => {
  const model = await resnetSmall({ depth: 1, widths: [4, 4, 4] }).to(device);
  const images = () => tensor(new Float32Array(8 * 8 * 3), [1, 8, 8, 3]);
  const error = await device.run(() => model.features(images(), { momentum: 0 })).catch((reason) => reason);
  assert.match(String(error), /random numbers are needed/);
  model.close();
});

/** Two linear layers at each step of a series [batch, length, channels]. */
class Series extends Network {
  override readonly architecture = 'series';
  override readonly headName = 'fc';
  override readonly featureShape = 'sequence';
  override readonly heads: readonly FeatureShape[] = ['pooled'];
  readonly first = linear(3, 4);
  readonly second = linear(4, 5);
  fc: Network['head'] = linear(5, 2);

  override get head() {
    return this.fc;
  }

  override set head(head) {
    this.fc = head;
  }

  override get stages(): readonly FeatureStage[] {
    return (['first', 'second'] as const).map((name) => ({
      name,
      stride: 1,
      channels: this[name].outputs,
      forward: (x) => this[name].forward(x),
    }));
  }

  override pool(features: Tensor): Tensor {
    return mean(features, 1);
  }
}

test('a network need not be one of images: sequences are features, too', async () => {
  const model = await new Series().to(device);
  record(() => {
    const x = tensor(new Float32Array(2 * 7 * 3), [2, 7, 3]);
    assert.equal(model.features(x, { stage: 'first', as: 'sequence' }).shape, [2, 7, 4]);
    assert.equal(model.features(x).shape, [2, 5]);
    assert.equal(model.forward(x).shape, [2, 2]);
    assert.is(
      refusal(() => model.features(x, { as: 'map' })),
      'series has no features as map: ask for them as sequence or as pooled',
    );
  });
  assert.equal(model.layerNames(), ['first', 'second', 'fc']);
  assert.is(model.classes, 2);
  model.close();
});

test('a head is of the shape that a task asks for, where the network has such heads', () => {
  const tasks = [classification(['a', 'b', 'c']), regression([{ name: 'age', mean: 4, deviation: 2 }])];
  for (const { head, names } of tasks) {
    for (const model of [resnetSmall(), new Series()]) {
      const { weight } = putHead(model, head, 1);
      assert.equal(weight.shape, [model.stages.at(-1)!.channels, names.length]);
      assert.is(model.head.outputs, names.length);
    }
  }
  const model = resnetSmall();
  const { head } = model;
  for (const on of ['map', 'sequence'] as const)
    assert.is(
      refusal(() => putHead(model, { on, outputs: 3 })),
      `no head of resnet-small answers by features as ${on}: choose a network that has such a head; those of this one answer by features as pooled`,
    );
  assert.is(model.head, head);
});

test.run();
