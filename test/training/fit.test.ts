/** `fit`: what it counts, that it learns, and what stays frozen. */
import { fit } from '#src/finetune/index';
import { imagenetPreprocessing } from '#src/inputs/index';
import { open } from '#src/engine/open';
import { trunkOf } from '#src/models/index';
import { resnetSmall } from '#src/models/resnet-small';
import { freeze, GlobalAveragePool, linear, sequential, Softmax, stateDict } from '#src/nn/index';
import { add, crossEntropy, mean, multiply } from '#src/ops/index';
import { adam, SharpnessAware } from '#src/optim/index';
import { generator } from '#src/tensor/philox';
import type { Scalar } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const SIDE = 8;
const BYTES = SIDE * SIDE * 3;

/** Dark and light images, in batches of 4 and of 2; the epochs that were asked for. */
function batches(seen: number[] = []) {
  const batch = (labels: number[]) => ({
    labels: Int32Array.from(labels),
    images: Uint8Array.from({ length: labels.length * BYTES }, (_, i) =>
      labels[Math.floor(i / BYTES)] === 0 ? 40 + (i % 7) : 200 + (i % 5),
    ),
  });
  async function* all() {
    yield batch([0, 1, 1, 0]);
    yield batch([1, 0]);
  }
  return {
    preprocessing: imagenetPreprocessing(SIDE),
    trainBatches(epoch: number) {
      seen.push(epoch);
      return all();
    },
    valBatches: all,
  };
}

test('a head on a frozen trunk learns, from probabilities; the trunk and its statistics stay as they were', async () => {
  const device = await open('cpu');
  const trunk = trunkOf(resnetSmall({ widths: [4, 4, 8], depth: 1 }));
  const model = sequential(trunk, new GlobalAveragePool(), linear(8, 2), new Softmax());
  await freeze(trunk);
  await model.to(device);
  const before = await stateDict(model);
  const optimizer = adam(model.memory, { lr: 0.1, epsilon: 1e-7, epsilonPlacement: 'hat' });
  const seen: number[] = [];
  const random = generator(3);
  const losses: number[] = [];
  const history = await fit(model, batches(seen), {
    ...{ optimizer, epochs: 12, initialEpoch: 2, random },
    loss: (outputs, labels) => crossEntropy(outputs, labels, { fromLogits: false }),
    onEpoch: (epoch, { loss }) => {
      assert.is(epoch, losses.length + 3);
      losses.push(loss.at(-1)!);
    },
  });
  assert.equal(seen, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  assert.is(random.step, 24);
  assert.equal(history.loss, losses);
  assert.ok(history.loss.at(-1)! < history.loss[0]! / 2, `${history.loss}`);
  assert.is(history.valAccuracy.at(-1), 1);
  const after = await stateDict(model);
  for (const [name, { data }] of after) {
    if (name.startsWith('0.')) assert.equal(data, before.get(name)!.data, name);
  }
  assert.not.equal(after.get('2.weight')!.data, before.get('2.weight')!.data);
  optimizer.close();
  await device.close();
});

test('the last batch counts by its images', async () => {
  const device = await open('cpu');
  const model = await resnetSmall({ widths: [4, 4, 8], depth: 1, classes: 2 }).to(device);
  const optimizer = adam(model.memory, { lr: 0 });
  const { loss, valLoss } = await fit(model, batches(), {
    ...{ optimizer, epochs: 1 },
    // The number of images in the batch.
    loss: (outputs, labels) => add(multiply(mean(outputs), 0), labels.length) as Scalar,
  });
  // Four images whose loss is 4, and two whose loss is 2.
  assert.ok(Math.abs(loss[0]! - 20 / 6) < 1e-6, `${loss}`);
  assert.equal(valLoss, loss);
  optimizer.close();
  await device.close();
});

test('a sharpness-aware optimiser gets its two gradients a step', async () => {
  const device = await open('cpu');
  const model = await resnetSmall({ widths: [4, 4, 8], depth: 1, classes: 2 }).to(device);
  const parts = [new SharpnessAware(model.memory, 0.05)];
  const optimizer = adam(model.memory, { lr: 0.01, parts });
  let gradients = 0;
  const { loss } = await fit(model, batches(), {
    ...{ optimizer, epochs: 4 },
    loss: (outputs, labels) => {
      gradients++;
      return crossEntropy(outputs, labels);
    },
  });
  // In every epoch two for each of the two batches, and two validations.
  assert.is(gradients, 4 * (4 + 2));
  assert.is(optimizer.steps, 8);
  assert.ok(loss[3]! < loss[0]!, `${loss}`);
  optimizer.close();
  await device.close();
});

test('a step has a pass more for every part that perturbs the weights, and none for another', async () => {
  const device = await open('cpu');
  const model = await resnetSmall({ widths: [4, 4, 8], depth: 1, classes: 2 }).to(device);
  const order: string[] = [];
  const part = (name: string) => ({ arenas: {}, perturb: () => order.push(name) });
  const update = { arenas: {}, before: () => order.push('update') };
  const optimizer = adam(model.memory, { lr: 0.01, parts: [part('first'), update, part('second')] });
  await fit(model, batches(), {
    ...{ optimizer, epochs: 1 },
    loss: (outputs, labels) => {
      order.push('pass');
      return crossEntropy(outputs, labels);
    },
  });
  const step = ['pass', 'first', 'pass', 'second', 'pass', 'update'];
  const validation = ['pass', 'pass'];
  assert.equal(order, [...step, ...step, ...validation]);
  optimizer.close();
  await device.close();
});

test.run();
