/** From a file to a model: what is recognised, what is loaded, and what is said when it does not fit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '#src/engine/open';
import { writeSafetensors, writeTorch } from '#src/formats/any-format/save';
import { detectArchitecture } from '#src/models/detect';
import { loadWeights } from '#src/models/load';
import { MODEL_NAMES } from '#src/models/names';
import { findModel } from '#src/models/registry';
import { ResNet, resnet18, resnet34 } from '#src/models/resnet';
import { Bottleneck } from '#src/models/resnet-blocks';
import { resnetSmall } from '#src/models/resnet-small';
import { replaceHead } from '#src/models/head';
import type { Network } from '#src/models/network';
import { linear } from '#src/nn/linear';
import { Module } from '#src/nn/module';
import { sequential } from '#src/nn/layers';
import { stateDict } from '#src/nn/state-dict';
import { multiply } from '#src/ops/pointwise/multiply';
import { Parameter } from '#src/tensor/parameter';
import type { TensorLike } from '#src/tensor/tensor';
import { findWeights } from '#src/weights/catalogue';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXPECTED } from './formula.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-load-'));
test.after(() => rmSync(folder, { recursive: true }));

interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** From torchvision's fixture where it holds the model. */
function tensorsOf(model: string): TensorShape[] {
  const expected = EXPECTED[model];
  if (expected === undefined) return shapesOf(findModel(model).create());
  return expected.tensors.map(([name, ...shape]) => ({ name, shape }));
}

/** As `tensorsOf`, for a ResNet that torchvision's fixture does not hold. */
function bottleneckTensors(...depths: [number, number, number, number]): TensorShape[] {
  return shapesOf(new ResNet('', Bottleneck, depths, {}));
}

/** What a model's weights file would hold, in PyTorch's layout. */
function shapesOf(model: Network): TensorShape[] {
  return Array.from(model.namedArrays(), ({ name, array, owner, field }) => ({
    name,
    shape: (owner.torchAxes(field) ?? array.shape.map((_, d) => d)).map((axis) => array.shape[axis]!),
  }));
}

const RESNET18 = join(folder, 'some weights.safetensors');
test.before(() =>
  writeSafetensors(
    RESNET18,
    tensorsOf('resnet18').map(({ name, shape }) => ({
      name: `module.${name}`,
      dtype: 'F32',
      shape,
      data: () => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.25),
    })),
  ),
);

async function failure(action: () => unknown): Promise<AttuneError> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, AttuneError);
    return error as AttuneError;
  }
  return assert.unreachable('nothing was thrown') as never;
}

test('the models are recognised by names and shapes', () => {
  for (const name of MODEL_NAMES) {
    const { options = {}, ...known } = detectArchitecture(tensorsOf(name)) ?? {};
    assert.equal(known, { name, classes: 1000, supported: true });
    assert.ok([undefined, 1].includes(options.channels));
    const wrapped = tensorsOf(name).map((info) => ({ ...info, name: `module.model.${info.name}` }));
    assert.is(detectArchitecture(wrapped)?.name, name);
    const { headName } = findModel(name).create();
    const trunk = tensorsOf(name).filter((info) => !info.name.startsWith(`${headName}.`));
    assert.is(detectArchitecture(trunk)?.classes, null);
  }
});

test('what only looks like a model is not taken for one', () => {
  const change = (name: string, shape: number[], model = 'resnet50') =>
    tensorsOf(model).map((info) => (info.name === name ? { name, shape } : info));
  assert.is(detectArchitecture(change('layer1.0.conv2.weight', [128, 128, 3, 3])), null, 'wide ResNet');
  assert.is(detectArchitecture(change('layer1.0.conv2.weight', [128, 4, 3, 3])), null, 'ResNeXt');
  assert.is(detectArchitecture(change('conv1.weight', [64, 1, 7, 7])), null, 'grey images');
  assert.is(detectArchitecture(bottleneckTensors(3, 4, 5, 3)), null, 'another depth');
  const shallow = tensorsOf('resnet-small').filter(({ name }) => !name.startsWith('layer2.2.'));
  assert.is(detectArchitecture(shallow), null, 'another depth of the small ResNet');
  const narrow = change('features.18.0.weight', [1280, 160, 1, 1], 'mobilenet_v2');
  assert.is(detectArchitecture(narrow), null, 'a MobileNetV2 of half the width');
  const half = change('features.12.0.weight', [576, 48, 1, 1], 'mobilenet_v3_small');
  assert.is(detectArchitecture(half), null, 'a MobileNetV3 of another width');
  for (const [model, name, shape, what] of [
    ['efficientnet_b0', 'features.6.4.block.0.0.weight', [1152, 192, 1, 1], 'EfficientNet-B1'],
    ['convnext_tiny', 'features.5.9.layer_scale', [384, 1, 1], 'ConvNeXt-S'],
    ['vgg16', 'features.30.weight', [512, 512, 3, 3], 'VGG19'],
  ] as const)
    assert.is(detectArchitecture([...tensorsOf(model), { name, shape }]), null, what);
  assert.is(detectArchitecture([]), null);
  assert.is(detectArchitecture([{ name: 'conv1.weight', shape: [64, 3, 7, 7] }]), null);
});

test('models are found by name; a mistyped one is answered with the nearest', async () => {
  for (const name of MODEL_NAMES) {
    const entry = findModel(name);
    const { create, defaultWeights } = entry;
    const model = create({ classes: 3 });
    assert.is(model.architecture, name);
    assert.is(model.classes, 3);
    if (defaultWeights === null) continue;
    const weights = findWeights(defaultWeights);
    assert.is(weights?.model, name);
    assert.equal(entry.preprocessing, weights?.preprocessing);
  }
  const error = await failure(() => findModel('resnet5o'));
  assert.is(error.code, 'usage');
  assert.match(error.message, 'did you mean resnet50?');
  assert.match(
    (await failure(() => findModel('toString'))).message,
    `choose one of ${MODEL_NAMES.join(', ')}`,
  );
});

test('what was saved is loaded', async () => {
  const path = join(folder, 'small.safetensors');
  const source = resnetSmall({ seed: 1, depth: 1 });
  const saved = await stateDict(source);
  await writeSafetensors(path, [...saved.values()]);
  const model = resnetSmall({ seed: 2, depth: 1 });
  const report = await loadWeights(model, path);
  assert.equal(report.loaded, [...saved.keys()]);
  for (const [name, { data }] of await stateDict(model)) assert.equal(data, saved.get(name)!.data, name);
});

test('float64 stays as it is on a float64 device, loaded there or before; float32 rounds it', async () => {
  const values = [0.1, 1 / 3, -1e-9, 1 + 2 ** -40, 2 ** -60, 7];
  const rounded = values.map(Math.fround);
  const tensors = [
    { name: 'weight', dtype: 'F64' as const, shape: [2, 3], data: Float64Array.from(values) },
    { name: 'bias', dtype: 'F64' as const, shape: [2], data: Float64Array.of(0.7, -0.2) },
  ];
  const [safetensors, torch] = [join(folder, 'double.safetensors'), join(folder, 'double.pth')];
  await writeSafetensors(safetensors, tensors);
  await writeTorch(torch, tensors);
  const weightOf = async (model: Module) => [...(await stateDict(model)).get('weight')!.data];
  for (const precision of ['float64', 'float32'] as const) {
    const device = await open('cpu', { precision });
    for (const path of [safetensors, torch]) {
      for (const isPlaced of [true, false]) {
        const model = linear(3, 2);
        if (isPlaced) await model.to(device);
        await loadWeights(model, path);
        // On the host a state dict is of float32, whatever the model goes to afterwards.
        if (!isPlaced) assert.equal(await weightOf(model), rounded);
        if (!isPlaced) await model.to(device);
        assert.equal(await weightOf(model), precision === 'float64' ? values : rounded);
        model.close();
      }
    }
    await device.close();
  }
});

test('what float32 cannot hold is refused but on a float64 device', async () => {
  const path = join(folder, 'large.safetensors');
  await writeSafetensors(path, [
    { name: 'weight', dtype: 'F64', shape: [1, 2], data: Float64Array.of(1, -1e300) },
    { name: 'bias', dtype: 'F64', shape: [1], data: Float64Array.of(Number.POSITIVE_INFINITY) },
  ]);
  const error = await failure(() => loadWeights(linear(2, 1), path));
  assert.match(
    error.message,
    /^element 1 of weight is -1e\+300, too large for float32 \(.*large\.safetensors\): /,
  );
  const device = await open('cpu', { precision: 'float64' });
  const model = await linear(2, 1).to(device);
  await loadWeights(model, path);
  assert.equal([...(await stateDict(model)).get('weight')!.data], [1, -1e300]);
  await device.close();
});

test("a module of one's own is saved and loaded by its own names, and an error does not take it for a network of attune's", async () => {
  class Gate extends Module {
    readonly layers = sequential(linear(4, 3, { seed: 1 }), linear(3, 2, { seed: 2 }));
    readonly scale = new Parameter(new Float32Array([5, 6]), [2]);
    forward(x: TensorLike) {
      return multiply(this.layers.forward(x), this.scale);
    }
  }
  const path = join(folder, 'gate.pth');
  const saved = await stateDict(new Gate());
  await writeTorch(path, [...saved.values()]);
  const model = new Gate();
  model.scale.set(new Float32Array(2));
  const { loaded } = await loadWeights(model, path);
  assert.equal(loaded, ['scale', 'layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']);
  assert.equal([...model.scale.hostValues], [5, 6]);
  const error = await failure(() => loadWeights(linear(4, 3), path));
  assert.match(error.hint!, /^load what was saved of a module with the same layers$/);
});

test('a head of another size can be left out, and the error says so', async () => {
  const model = resnet18();
  const { weight } = replaceHead(model, 5);
  const head = [...weight.hostValues];
  const error = await failure(() => loadWeights(model, RESNET18));
  assert.is(error.code, 'weights');
  assert.is(error.where, RESNET18);
  assert.match(error.what, 'misshapen 2: fc.weight is [1000, 512], not [5, 512], fc.bias is [1000], not [5]');
  assert.match(error.hint!, 'the file is for 1000 classes and the model for 5');
  const report = await loadWeights(model, RESNET18, { exclude: [model.headName] });
  assert.is(report.loaded.length, 100);
  assert.equal([...weight.hostValues], head);
  assert.is(model.conv1.weight.hostValues[0], 0.25);
});

test('weights of another model are refused by name, tensor by tensor', async () => {
  const model = resnet34();
  const error = await failure(() => loadWeights(model, RESNET18));
  assert.match(error.hint!, 'the file holds a resnet18, not a resnet34: use --model resnet18');
  assert.match(error.what, 'missing 80: ');
  assert.match(error.what, 'layer4.2.bn2.{weight, bias, running_mean, running_var}');
  assert.not.match(error.message, '\n');
});

test('a file that is not there is an input error', async () => {
  assert.is((await failure(() => loadWeights(resnet18(), join(folder, 'none.pth')))).code, 'input');
});

test.run();
