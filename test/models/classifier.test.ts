/** What all classifiers share: heads, layer names, zero-initialised blocks; and the small ResNet. */
import { findModel } from '#src/models/index';
import { replaceHead } from '#src/models/head';
import { layerNames, type Network } from '#src/models/network';
import { convnextTiny } from '#src/models/convnext';
import { efficientnetB0 } from '#src/models/efficientnet';
import { mobilenetV2 } from '#src/models/mobilenet-v2';
import { mobilenetV3Large, mobilenetV3Small } from '#src/models/mobilenet-v3';
import { resnet18, resnet50 } from '#src/models/resnet';
import { resnetSmall } from '#src/models/resnet-small';
import { vgg16 } from '#src/models/vgg';
import { openCpu } from '#src/device/cpu/node';
import { BatchNorm2d } from '#src/nn/batch-norm';
import { countParameters, freeze } from '#src/nn/freeze';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

async function judge(): Promise<Device> {
  return new Device(await openCpu({ precision: 'float64' }), FUSIONS);
}

const pixels = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.cos(i * i));

test('replacing the head is one call; the trunk stays', () => {
  const model = resnet18();
  const { conv1 } = model;
  const head = replaceHead(model, 37, 5);
  assert.is(model.fc, head);
  assert.is(model.classes, 37);
  assert.equal(head.weight.shape, [512, 37]);
  assert.is(model.conv1, conv1);
  assert.is(countParameters(model).total, 11_689_512 - 513 * 1000 + 513 * 37);
  const again = resnet18();
  assert.equal([...replaceHead(again, 37, 5).weight.hostValues], [...head.weight.hostValues]);
  assert.not.equal([...replaceHead(again, 37, 6).weight.hostValues], [...head.weight.hostValues]);
  assert.throws(
    () => replaceHead(model, 0),
    (error: unknown) => error instanceof AttuneError && error.code === 'usage',
  );
  assert.is(model.classes, 37);
});

test('layers are listed from the images to the head, and freezing understands each of them', async () => {
  const blocks = [2, 2, 2, 2].flatMap((depth, i) =>
    Array.from({ length: depth }, (_, b) => `layer${i + 1}.${b}`),
  );
  const model = resnet18();
  assert.equal(layerNames(model), ['conv1', 'bn1', ...blocks, 'fc']);
  assert.is(layerNames(resnet50()).length, 2 + 16 + 1);
  let before = -1;
  for (const layer of layerNames(model)) {
    for (const parameter of model.parameters()) parameter.trainable = true;
    await freeze(model, layer);
    const { total, trainable } = countParameters(model);
    assert.ok(total - trainable > before, `${layer} lies above the one before it`);
    before = total - trainable;
  }
  assert.is(before, 11_689_512 - 513 * 1000);
});

test('groups of layers have every parameter below the head once, in their order', () => {
  for (const [name, first, count] of [
    ['resnet18', ['conv1', 'layer1', 'layer2', 'layer3', 'layer4'], 62 - 2],
    ['resnet-small', ['conv1', 'layer1', 'layer2', 'layer3'], 65 - 2],
    ['mobilenet_v2', ['features.0', 'features.2', 'features.4', 'features.7', 'features.14'], 158 - 2],
    [
      'resnet50-keras',
      ['conv1', 'conv2_block1', 'conv3_block1', 'conv4_block1', 'conv5_block1'],
      (53 + 53) * 2,
    ],
    ['mobilenet_v2-keras', ['Conv1', 'block_1', 'block_3', 'block_6', 'block_13'], 52 * 3],
    ['mobilenet_v3_large', ['features.0', 'features.2', 'features.4', 'features.7', 'features.13'], 172],
    ['mobilenet_v3_small', ['features.0', 'features.1', 'features.2', 'features.4', 'features.9'], 140],
    ['efficientnet_b0', ['features.0', 'features.2.0', 'features.3.0', 'features.4.0', 'features.6.0'], 211],
    ['convnext_tiny', ['features.0', 'features.2', 'features.4', 'features.6'], 180],
    ['vgg16', ['features.0', 'features.5', 'features.10', 'features.17', 'features.24'], 30],
  ] as const) {
    const model = findModel(name).create({ classes: 3 });
    const names = Array.from(model.namedParameters(), ([path]) => path);
    const groups = model.layerGroups();
    assert.equal(
      groups.map((group) => group.name),
      first,
    );
    const members = groups.flatMap(({ layers }) =>
      names.filter((path) => layers.some((layer) => path.startsWith(`${layer}.`))),
    );
    assert.equal(members, names.slice(0, -2), name);
    assert.is(members.length, count, name);
  }
});

test("torchvision's MobileNetV2 lists its blocks, and its head stands behind a dropout", async () => {
  const model = mobilenetV2();
  const features = Array.from({ length: 19 }, (_, i) => `features.${i}`);
  assert.equal(layerNames(model), [...features, 'classifier.0', 'classifier.1']);
  replaceHead(model, 3, 1);
  assert.equal(
    [...model.namedParameters()].slice(-2).map(([name]) => name),
    ['classifier.1.weight', 'classifier.1.bias'],
  );
  assert.is(countParameters(model).total, 2_223_872 + 1281 * 3);
  // Dropout where a pass trains, and there alone: half-way between, the features of one image are the same.
  const device = await judge();
  await model.to(device);
  const x = () => tensor(pixels(2 * 32 * 32 * 3), [2, 32, 32, 3]);
  for (const module of model.modules()) if (module instanceof BatchNorm2d) module.mode = 'frozen';
  const [evaluated, trained, headless] = await device.run(() => [
    model.forward(x()),
    model.forward(x(), { random: generator(1) }),
    model.head.forward(model.features(x(), { random: generator(1) })),
  ]);
  assert.equal([...headless], [...evaluated]);
  assert.not.equal([...trained], [...evaluated]);
  model.close();
  await device.close();
});

test('blocks of stages are listed one by one, and so are the layers between the last map and the head', () => {
  const listed = (create: () => Network) => layerNames(create());
  const efficient = listed(efficientnetB0);
  assert.is(efficient.length, 1 + 16 + 1 + 2);
  assert.equal(efficient.slice(0, 4), ['features.0', 'features.1.0', 'features.2.0', 'features.2.1']);
  assert.equal(efficient.slice(-3), ['features.8', 'classifier.0', 'classifier.1']);
  const next = listed(convnextTiny);
  assert.is(next.length, 4 + 18 + 3);
  assert.equal(next.slice(0, 5), [
    'features.0',
    'features.1.0',
    'features.1.1',
    'features.1.2',
    'features.2',
  ]);
  const hidden = ['classifier.0', 'classifier.1', 'classifier.2', 'classifier.3'];
  assert.equal(listed(mobilenetV3Large).slice(16), ['features.16', ...hidden]);
  assert.is(listed(vgg16).length, 31 + 7);
});

test('a new head leaves the layers below it, and their dropout is for passes that train', async () => {
  const model = mobilenetV3Small();
  const hidden = [...model.namedParameters()].find(([name]) => name === 'classifier.0.weight');
  replaceHead(model, 3, 1);
  const names = new Map(model.namedParameters());
  assert.is(names.get('classifier.0.weight'), hidden?.[1]);
  assert.equal(names.get('classifier.3.weight')?.shape, [1024, 3]);
  assert.equal([...names.keys()].slice(-2), ['classifier.3.weight', 'classifier.3.bias']);
  const device = new Device(await openCpu({ threads: 1 }), FUSIONS);
  await model.to(device);
  for (const module of model.modules()) if (module instanceof BatchNorm2d) module.mode = 'frozen';
  const x = () => tensor(pixels(32 * 32 * 3), [1, 32, 32, 3]);
  const [evaluated, mapped, trained] = await device.run(() => [
    model.features(x()),
    model.headInput(model.features(x(), { as: 'map' })),
    model.features(x(), { random: generator(1) }),
  ]);
  assert.equal([...mapped], [...evaluated]);
  const dropped = trained.filter((value, i) => value === 0 && evaluated[i] !== 0).length;
  assert.ok(dropped > 100 && dropped < 320, `${dropped} of 1,024 dropped with 0.2`);
  model.close();
  await device.close();
});

test('features by stage: half the size each time, the last of them pooled for the head', async () => {
  // In float32: what is joined to what is tested here, and float64 takes ten times as long.
  const device = new Device(await openCpu({ threads: 1 }), FUSIONS);
  const image = pixels(64 * 64 * 3);
  for (const [create, shapes] of [
    [
      resnet18,
      [
        [16, 64],
        [8, 128],
        [4, 256],
        [2, 512],
      ],
    ],
    [
      mobilenetV2,
      [
        [32, 16],
        [16, 24],
        [8, 32],
        [4, 96],
        [2, 1280],
      ],
    ],
  ] as const) {
    const model = await create({ classes: 2 }).to(device);
    const [features, ...stages] = await device.run(() => {
      const x = tensor(image, [1, 64, 64, 3]);
      const maps = model.stageFeatures(x);
      assert.equal(
        maps.map(({ shape }) => shape),
        shapes.map(([side, channels]) => [1, side, side, channels]),
      );
      return [model.features(x), ...maps];
    });
    const last = stages.at(-1)!;
    const places = last.length / features.length;
    for (const [channel, feature] of features.entries()) {
      const values = Array.from({ length: places }, (_, place) => last[place * features.length + channel]!);
      const mean = values.reduce((sum, value) => sum + value / places, 0);
      assert.ok(Math.abs(feature - mean) < 1e-5 * (1 + Math.abs(mean)), `${feature} and ${mean}`);
    }
    model.close();
  }
  await device.close();
});

test('zeroInitResidual: every block starts as its shortcut', async () => {
  const scales = (options: { zeroInitResidual?: boolean }, field: string) =>
    [...resnet50(options).namedParameters()]
      .filter(([name]) => name.startsWith('layer') && name.endsWith(`${field}.weight`))
      .map(([, parameter]) => parameter.hostValues[0]);
  assert.equal(scales({ zeroInitResidual: true }, 'bn3'), new Array(16).fill(0));
  assert.equal(scales({ zeroInitResidual: true }, 'bn2'), new Array(16).fill(1));
  assert.equal(scales({}, 'bn3'), new Array(16).fill(1));

  // Without shape changes nothing but the stem and the mean is left.
  const device = await judge();
  const model = await resnetSmall({ zeroInitResidual: true, depth: 2 }).to(device);
  const [block, input] = await device.run(() => {
    const x = tensor(pixels(6 * 6 * 16).map(Math.abs), [1, 6, 6, 16]);
    return [model.layer1.forward(x), x];
  });
  assert.equal([...block], [...input]);
  model.close();
  await device.close();
});

test('the small ResNet: sizes, and logits of any number of channels', async () => {
  const total = (options: Parameters<typeof resnetSmall>[0]) => countParameters(resnetSmall(options)).total;
  assert.is(total({}), 272_474);
  assert.ok(total({ widths: [32, 64, 128], depth: 2 }) * 4 < 3_000_000);
  const device = await judge();
  const model = await resnetSmall({ channels: 1, classes: 7, widths: [4, 8, 12], depth: 1, seed: 3 }).to(
    device,
  );
  const { features, logits } = await device.run(() => {
    const x = tensor(pixels(2 * 28 * 28), [2, 28, 28, 1]);
    return { features: model.features(x), logits: model.forward(x) };
  });
  assert.is(features.length, 2 * 12);
  assert.is(logits.length, 2 * 7);
  assert.ok([...logits].every(Number.isFinite) && new Set(logits).size === 14);
  assert.equal(layerNames(model), ['conv1', 'bn1', 'layer1.0', 'layer2.0', 'layer3.0', 'fc']);
  model.close();
  await device.close();
});

test("layers begin with torchvision's deviations", () => {
  const valuesOf = (model: Network, name: string) => new Map(model.namedParameters()).get(name)!.hostValues;
  const deviation = (values: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
    return Math.sqrt(sum / values.length);
  };
  const [mobile, next] = [mobilenetV3Small(), convnextTiny()];
  for (const [model, name, expected] of [
    [mobile, 'classifier.0.weight', 0.01],
    [mobile, 'classifier.3.weight', 0.01],
    // By the fan out, as the convolutions of a ResNet.
    [mobile, 'features.12.0.weight', Math.sqrt(2 / 576)],
    [next, 'features.1.0.block.0.weight', 0.02],
    [next, 'features.1.0.block.3.weight', 0.02],
  ] as const) {
    const found = deviation(valuesOf(model, name));
    assert.ok(Math.abs(found - expected) < 0.04 * expected, `${name}: ${found}`);
  }
  assert.ok(valuesOf(mobile, 'classifier.0.bias').every((value) => value === 0));
  assert.ok(valuesOf(next, 'features.1.0.layer_scale').every((value) => value === Math.fround(1e-6)));
});

test('models are a function of the seed', () => {
  const values = (seed: number) => [...resnetSmall({ seed }).layer3.parameters()[0]!.hostValues];
  assert.equal(values(1), values(1));
  assert.not.equal(values(1), values(2));
});

test.run();
