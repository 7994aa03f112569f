/** Gradual unfreezing: which layers join when, that nothing below them is touched or computed, and that it resumes. */
import { join } from 'node:path';
import { finetune, resume } from '#src/finetune/index';
import { parameterGroups } from '#src/training/step/parameter-groups';
import { resolveRecipe } from '#src/recipe/recipe';
import type { Recipe } from '#src/recipe/recipe-schema';
import { setTrainable, stageAt, stagesOf } from '#src/training/step/stages';
import { findModel, type Network } from '#src/models/index';
import { backward, crossEntropy } from '#src/ops/index';
import { record } from '#src/program/recording';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertThrows, cpuDevice } from '../ops/support.js';
import {
  assertSameRuns,
  bytesOf,
  fullRun,
  interrupted,
  readTensors,
  smallData,
  smallWeights,
} from '../finetune/full-support.js';
import { fails, listener, newPath } from '../finetune/support.js';

const data = smallData();

const recipeOf = (given: Partial<Recipe>) =>
  resolveRecipe(
    { data: 'photos', strategy: 'gradual', ...given },
    { images: 1000, smallestClass: 100, model: 'resnet-small', weights: 'w', side: 32 },
  );

const models = new Map<string, Network>();

function stagesFor(name: string, given: Partial<Recipe> = {}) {
  const model = models.get(name) ?? findModel(name).create({ classes: 3 });
  models.set(name, model);
  return stagesOf(model, recipeOf(given));
}

test('one group of layers after the other joins from the top, then everything is trained', () => {
  const stages = stagesFor('resnet18', { unfreeze_epochs: 3 });
  assert.equal(
    stages.map(({ name, trainFrom, joins, firstEpoch }) => [name, trainFrom, joins, firstEpoch]),
    [
      ['from layer4', 'layer4', 'layer4', 0],
      ['from layer3', 'layer3', 'layer3', 3],
      ['from layer2', 'layer2', 'layer2', 6],
      ['from layer1', 'layer1', 'layer1', 9],
      ['full', null, 'conv1', 12],
    ],
  );
  const names = [0, 2, 3, 11, 12, 29].map((epoch) => stageAt(stages, epoch).joins);
  assert.equal(names, ['layer4', 'layer4', 'layer3', 'layer1', 'conv1', 'conv1']);
});

test('--train-from ends it, also within a group; names may be indices and those of Keras', () => {
  const joining = (model: string, train_from: string) =>
    stagesFor(model, { train_from }).map(({ name, trainFrom }) => `${name}: ${trainFrom}`);
  assert.equal(joining('resnet18', 'layer2'), ['from layer4: layer4', 'from layer3: layer3', 'full: layer2']);
  assert.equal(joining('resnet18', 'layer3.1'), ['from layer4: layer4', 'full: layer3.1']);
  const block = (i: number) => `encoder.layers.encoder_layer_${i}`;
  assert.equal(joining('vit-small', block(2)), [
    `from ${block(5)}: ${block(5)}`,
    `from ${block(3)}: ${block(3)}`,
    `full: ${block(2)}`,
  ]);
  assert.equal(joining('mobilenet_v2', '7'), ['from features.14: features.14', 'full: features.7']);
  assert.equal(joining('mobilenet_v2-keras', '100'), [
    'from block_13: block_13_expand',
    'full: block_11_depthwise',
  ]);
});

test('what would unfreeze nothing, or end before the last group joins, is refused', async () => {
  const refused = (given: Partial<Recipe>, words: RegExp) =>
    assertThrows(() => stagesFor('resnet18', given), 'usage', words);
  await refused({ train_from: 'layer4.1' }, /nothing to unfreeze step by step .*--train-from/);
  await refused({ train_from: 'fc' }, /nothing to unfreeze/);
  refused(
    { epochs: 4 },
    /with 1 epoch for each of 5 groups of layers, 4 end before conv1 joins .*at least 5/,
  );
  await refused({ epochs: 8, unfreeze_epochs: 2 }, /with 2 epochs .* at least 9, fewer --unfreeze-epochs/);
  await refused({ train_from: '99' }, /layers 0 to/);
  assert.is(stagesFor('resnet18', { epochs: 5 }).length, 5);
});

test("rates fall by ULMFiT's factor from group to group; what joins later counts its own steps", async () => {
  const device = await cpuDevice('float64');
  const model = findModel('resnet-small').create({ classes: 3 });
  const recipe = recipeOf({ lr: 1, head_lr: 10 });
  await model.to(device);
  const joined: Record<string, number> = { layer3: 0, layer2: 7, layer1: 14, conv1: 21 };
  const groups = parameterGroups(model, recipe, (group) => joined[group]!);
  const rates = groups
    .filter(({ name }) => !name.endsWith('biases'))
    .map(({ name, lr, joinedAt }) => [name, Number(lr.toPrecision(3)), joinedAt]);
  assert.equal(rates, [
    ['conv1', 0.0571, 21],
    ['layer1', 0.148, 14],
    ['layer2', 0.385, 7],
    ['layer3', 1, 0],
    ['head', 10, 0],
  ]);
  await model.close();
});

test('no gradient is computed below the frontier, and none has a place in memory', async () => {
  const device = await cpuDevice('float32');
  const model = findModel('resnet-small').create({ classes: 2 });
  await model.to(device);
  const counts: [weights: number, inputs: number, trained: number][] = [];
  for (const stage of stagesOf(model, recipeOf({}))) {
    await setTrainable(model, stage, 'train');
    const { recording } = record(() => {
      const x = tensor(new Float32Array(2 * 32 * 32 * 3), [2, 32, 32, 3]);
      backward(crossEntropy(model.forward(x, { random: generator(1) }), tensor(new Int32Array(2), [2])));
    });
    const count = (name: string) => recording.launches.filter(({ kernel }) => kernel.name === name).length;
    const trained = model.memory.gradients.places.length;
    assert.is(trained, model.parameters().filter(({ trainable }) => trainable).length);
    counts.push([count('conv2dWeightGradient'), count('conv2dInputGradient'), trained]);
  }
  // Three blocks of two convolutions in each stage, one more at the shortcut of layer2 and layer3, and the stem's.
  // The input of the lowest block needs no gradient: neither that of its first convolution nor of its shortcut.
  const arrays = (convolutions: number) => 3 * convolutions + 2;
  assert.equal(counts, [
    [7, 5, arrays(7)],
    [14, 12, arrays(14)],
    [20, 19, arrays(20)],
    [21, 20, arrays(21)],
  ]);
  await model.close();
});

test('a run: stages in its records, a line where layers join, and below them not a bit is changed', async () => {
  const weights = await smallWeights();
  const context = listener();
  const options = { weights, strategy: 'gradual', epochs: 4, batchSize: 16, augment: 'none' };
  const run = fullRun(data, { ...options, seed: 7 });
  const { epochs } = await finetune(run, context);
  const full = epochs.filter(({ stage }) => stage !== 'head');
  assert.equal(
    full.map(({ stage }) => stage),
    ['from layer3', 'from layer2', 'from layer1', 'full'],
  );
  assert.equal(
    full.map(({ lr }) => Object.keys(lr).filter((name) => !name.endsWith('biases'))),
    [
      ['layer3', 'head'],
      ['layer2', 'layer3', 'head'],
      ['layer1', 'layer2', 'layer3', 'head'],
      ['conv1', 'layer1', 'layer2', 'layer3', 'head'],
    ],
  );
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  const joins = notes.filter((text) => /^Epoch \d/.test(text));
  assert.equal(joins, [
    'Epoch 1: layers from layer3 up are trained, those below are frozen.',
    'Epoch 2: layer2 joins, at a base rate of 0.000193.',
    'Epoch 3: layer1 joins, at a base rate of 0.0000741.',
    'Epoch 4: conv1 joins, at a base rate of 0.0000285. It is the last.',
  ]);

  // Stopped in the second epoch, of one batch: layer2 has joined and moved, layer1 is as it was, statistics and all.
  const stopped = await interrupted(2, { ...run, out: newPath() });
  const [before, after] = [
    await readTensors(weights),
    await readTensors(join(stopped.run, 'last.safetensors')),
  ];
  const changed = [...after.keys()].filter(
    (name) => !name.startsWith('fc.') && !bytesOf(after.get(name)!).equals(bytesOf(before.get(name)!)),
  );
  assert.equal([...new Set(changed.map((name) => name.split('.')[0]))], ['layer2', 'layer3']);
  assert.ok(changed.includes('layer2.0.bn1.running_mean'), 'its statistics are those of the batches');
});

test('stopped where layers join and resumed, it ends with the bytes of a whole run', async () => {
  const options = {
    ...{ weights: await smallWeights(), strategy: 'gradual', epochs: 4, augment: 'flip', threads: 1 },
    ...{ optimizer: 'adam', lr: 1e-4, l2Sp: 0.1, ema: 0.9, batchSize: 16 },
  };
  const expected = await finetune(fullRun(data, options));
  const stopped = await interrupted(2, fullRun(data, options));
  const resumed = await resume({ resume: stopped.run, threads: 1 });
  await assertSameRuns(resumed.run, expected.run);
});

test('--unfreeze-epochs belongs to gradual alone', async () => {
  await fails(
    finetune(fullRun(data, { strategy: 'full', unfreezeEpochs: 2 })),
    'usage',
    /the strategy full unfreezes nothing step by step \(--unfreeze-epochs\): .*--strategy gradual/,
  );
});

test.run();
