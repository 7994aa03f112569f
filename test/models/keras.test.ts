/** Keras's MobileNetV2 and ResNet50 against TensorFlow.js's layers: layers, variables, and what 100 of them freeze. */
import { detectArchitecture } from '#src/models/detect';
import { type KerasMobileNetV2, kerasMobilenetV2 } from '#src/models/keras-mobilenet-v2';
import { kerasResnet50 } from '#src/models/keras-resnet50';
import { modelTensors } from '#src/models/naming';
import { layerNames, startLayer } from '#src/models/network';
import { BatchNorm2d } from '#src/nn/batch-norm';
import { countParameters, freeze } from '#src/nn/freeze';
import { resnet18 } from '#src/models/resnet';
import { AttuneError } from '#src/errors';
import type { TensorEntry } from '#src/formats/tensors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kerasEntries, kerasExpected } from './formula.js';
import { assertKerasOutputs } from './keras-suite.js';

const NETWORKS = [
  ['MobileNetV2', kerasMobilenetV2, 154, 2_257_984, 3_538_984],
  ['ResNet50', kerasResnet50, 175, 23_587_712, 25_636_712],
] as const;

for (const [network, create, layers, numbersOfTrunk, numbers] of NETWORKS) {
  const model = create();
  const expected = kerasExpected(network);

  test(`${network} has Keras's layers, in Keras's order`, () => {
    assert.equal(layerNames(model), expected.layers);
    // The two behind are the top.
    assert.is(layerNames(model).length, layers + 2);
  });

  test(`${network} has Keras's variables, ${numbers} numbers`, () => {
    const found = Array.from(model.namedArrays(), ({ name, array }) => [name, array.length]);
    const wanted = modelTensors({ layout: 'keras', tensors: kerasEntries(network) }).map(
      ({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)] as const,
    );
    assert.equal(found.sort(), [...wanted].sort());
    const count = (arrays: readonly (readonly [string, number])[]) =>
      arrays.reduce((sum, [, length]) => sum + length, 0);
    assert.is(count(wanted), numbers);
    assert.is(expected.numbers, numbers);
    assert.is(count(wanted.filter(([name]) => !name.startsWith('predictions.'))), numbersOfTrunk);
  });

  test(`${network} is recognised by its variables, with and without a head`, () => {
    const { architecture } = model;
    const tensors = kerasEntries(network);
    const headless = tensors.filter(({ name }) => !name.startsWith('predictions'));
    const found = (entries: typeof tensors) =>
      detectArchitecture(modelTensors({ layout: 'keras', tensors: entries }));
    assert.equal(found(tensors), { name: architecture, classes: 1000, supported: true });
    assert.equal(found(headless), { name: architecture, classes: null, supported: true });
    // A head of one's own has any name.
    const own = tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace('predictions', 'dense_1') }));
    assert.equal(found(own), { name: architecture, classes: 1000, supported: true });
  });
}

/** `conv2d_3/kernel` for the fourth of Keras's layers that has a kernel: what Keras 3's `.weights.h5` says by itself. */
function numbered(network: string): TensorEntry[] {
  const classOf = (variable: string, shape: readonly number[]) =>
    variable === 'depthwise_kernel'
      ? 'depthwise_conv2d'
      : variable === 'kernel'
        ? shape.length === 4
          ? 'conv2d'
          : 'dense'
        : variable === 'gamma'
          ? 'batch_normalization'
          : null;
  const counts = new Map<string, number>();
  const names = new Map<string, string>();
  const entries = kerasEntries(network);
  for (const { name, shape } of entries) {
    const [layer, variable] = name.split('/') as [string, string];
    const className = classOf(variable, shape);
    if (className === null) continue;
    const count = counts.get(className) ?? 0;
    counts.set(className, count + 1);
    names.set(layer, count === 0 ? className : `${className}_${count}`);
  }
  return entries.map((entry) => {
    const [layer, variable] = entry.name.split('/') as [string, string];
    return { ...entry, name: `${names.get(layer)}/${variable}` };
  });
}

test('layers that are numbered by class get their names back, with and without a head', () => {
  for (const [network] of NETWORKS) {
    const tensors = numbered(network);
    assert.match(tensors[0]!.name, /^conv2d\/kernel$/);
    const shown = (entries: TensorEntry[]) =>
      modelTensors({ layout: 'keras', tensors: entries }).map(({ name, shape }) => ({ name, shape }));
    assert.equal(shown(tensors), shown(kerasEntries(network)));
    const headless = tensors.filter(({ name }) => !name.startsWith('dense/'));
    assert.equal(shown(headless), shown(kerasEntries(network)).slice(0, headless.length));
    // Without its first convolution it is another network, of which nothing is guessed.
    assert.match(shown(tensors.slice(4))[0]!.name, /^batch_normalization\./);
  }
});

test("MobileNetV2 computes what TensorFlow.js's layers compute", () =>
  assertKerasOutputs(kerasMobilenetV2(), 'MobileNetV2', { turned: false }));

/** Trainable tensors, and the numbers in them, of the trunk. */
function trainable(model: KerasMobileNetV2): [tensors: number, numbers: number] {
  const parameters = [...model.namedParameters()].filter(
    ([name, parameter]) => parameter.trainable && !name.startsWith('predictions.'),
  );
  return [parameters.length, parameters.reduce((sum, [, { length }]) => sum + length, 0)];
}

test('layers[:100] of MobileNetV2 frozen leave 54 tensors with 1,861,440 numbers, by index and by name', async () => {
  for (const layer of [100, '100', 'block_11_expand_relu', 'block_11_depthwise']) {
    const model = kerasMobilenetV2({ classes: 1 });
    assert.is(startLayer(model, layer), 'block_11_depthwise');
    await freeze(model, startLayer(model, layer));
    assert.equal(trainable(model), [54, 1_861_440]);
    assert.is(countParameters(model).trainable, 1_862_721);
  }
});

test('a layer without parameters stands for the next that has some, whatever the graph', () => {
  const model = kerasMobilenetV2();
  const names = layerNames(model);
  assert.is(names[100], 'block_11_expand_relu');
  assert.is(startLayer(model, 0), 'Conv1');
  assert.is(startLayer(model, 'block_1_pad'), 'block_1_depthwise');
  assert.is(startLayer(model, 153), 'predictions');
  assert.is(startLayer(model, 155), 'predictions');
  assert.is(startLayer(resnet18(), 'layer4'), 'layer4');
  assert.is(startLayer(resnet18(), 9), 'layer4.1');
  assert.throws(
    () => startLayer(model, '156'),
    (error: unknown) => error instanceof AttuneError && /layers 0 to 155 \(layer 156\)/.test(error.message),
  );
});

test('blocks gather the layers of a flat list, each once, from the images to the head', () => {
  for (const [model, count, second] of [
    [kerasMobilenetV2(), 1 + 17 + 1 + 1, 'expanded_conv'],
    [kerasResnet50(), 1 + 16 + 1, 'conv2_block1'],
  ] as const) {
    const blocks = model.layerBlocks();
    assert.is(blocks.length, count);
    assert.is(blocks[1]!.name, second);
    const layers = new Set(blocks.flatMap((block) => block.layers));
    const rest = layerNames(model).filter((layer) => !layers.has(layer));
    // The input, and the mean before the head.
    assert.is(rest.length, 2);
    assert.is(layers.size, layerNames(model).length - 2);
  }
});

test("batch norms have Keras's constants", () => {
  const norms = (model: Iterable<unknown>) => [...model].filter((module) => module instanceof BatchNorm2d);
  for (const [model, epsilon, kept, count] of [
    [kerasMobilenetV2(), 1e-3, 0.999, 52],
    [kerasResnet50(), 1.001e-5, 0.99, 53],
  ] as const) {
    const found = norms(model.modules());
    assert.is(found.length, count);
    for (const norm of found) {
      assert.is(norm.epsilon, epsilon);
      assert.ok(Math.abs(1 - norm.momentum - kept) < 1e-15);
      assert.is(norm.runningVariance, 'biased');
    }
  }
});

test.run();
