/** Which parameters have which rate, decay and pull. */
import { lastStage, setTrainable } from '#src/training/step/stages';
import { makeOptimizer, parameterGroups } from '#src/training/step/parameter-groups';
import { resolveRecipe } from '#src/recipe/recipe';
import type { Recipe } from '#src/recipe/recipe-schema';
import { findModel } from '#src/models/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice } from '../ops/support.js';

const recipeOf = (given: Partial<Recipe>) =>
  resolveRecipe(
    { data: 'photos', strategy: 'full', lr: 0.1, ...given },
    { images: 1000, smallestClass: 100, model: 'resnet-small', weights: 'w', side: 32 },
  );

async function groupsOf(model: string, given: Partial<Recipe>) {
  const device = await cpuDevice('float64');
  const network = findModel(model).create({ classes: 3 });
  const recipe = recipeOf(given);
  await setTrainable(network, lastStage(network, recipe), 'train');
  await network.to(device);
  const groups = parameterGroups(network, recipe);
  await device.run(() => makeOptimizer(network, recipe).step()); // as many rates fit into a step
  await network.close();
  return groups;
}

test('two rates: trunk and head, and no decay of norms and biases', async () => {
  const groups = await groupsOf('resnet-small', { weight_decay: 0.2 });
  assert.equal(
    groups.map(({ name, lr, weightDecay, pull }) => [name, lr, weightDecay, pull]),
    [
      ['trunk', 0.1, 0.2, 0],
      ['trunk norms and biases', 0.1, 0, 0],
      ['head', 1, 0.2, 0],
      ['head norms and biases', 1, 0, 0],
    ],
  );
});

test('--lr-decay gives every layer the rate of the one above it times the decay', async () => {
  for (const [model, least] of [
    ['resnet-small', 6],
    ['mobilenet_v2', 15],
    // What makes tokens, six blocks, the last norm, and the head.
    ['vit-small', 9],
  ] as const) {
    const groups = await groupsOf(model, { lr_decay: 0.5 });
    const rates = new Map(groups.map(({ name, lr }) => [name.replace(' norms and biases', ''), lr]));
    const layers = [...rates.keys()];
    assert.is(layers.at(-1), 'head');
    assert.is(rates.get('head'), 1);
    assert.ok(layers.length >= least, layers.join(' '));
    layers.slice(0, -1).forEach((layer, i) => {
      assert.is(rates.get(layer), 0.1 * 0.5 ** (layers.length - 2 - i), layer);
    });
  }
});

test('frozen layers have no rate; those above keep theirs', async () => {
  const whole = await groupsOf('resnet-small', { lr_decay: 0.5 });
  const part = await groupsOf('resnet-small', { lr_decay: 0.5, train_from: 'layer3' });
  assert.ok(part.length < whole.length);
  assert.match(part[0]?.name ?? '', /^layer3/);
  for (const { name, lr } of part) assert.is(lr, whole.find((group) => group.name === name)?.lr, name);
});

test('L2-SP pulls the weights of the trunk in place of their decay', async () => {
  const groups = await groupsOf('resnet-small', { l2_sp: 0.3, weight_decay: 0.2 });
  const [trunk, norms, head] = groups.map(({ pull, weightDecay }) => [pull, weightDecay]);
  assert.equal(
    [trunk, norms, head],
    [
      [0.3, 0],
      [0, 0],
      [0, 0.2],
    ],
  );
});

test.run();
