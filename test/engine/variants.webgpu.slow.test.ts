/**
 * A small network trains the same with the variants that only the tuner takes, or that a software adapter takes by rule from
 * some size on, past the step in which plans are reused.
 */
import type { Choices } from '#src/device/backend';
import { probeAdapters } from '#src/device/webgpu/node';
import { open } from '#src/engine/open';
import { findModel } from '#src/models/index';
import { backward, crossEntropy } from '#src/ops/index';
import { sgd } from '#src/optim/index';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { halfTest } from '../ops/half-test.js';

const STEPS = 5;
const [SIDE, CLASSES] = [32, 4];
/** With 64 channels at 8 x 8 places: fewer than the 48 tiles from which on a rule takes Winograd's, or just as many. */
const [BATCH, BATCH_OF_RULE] = [4, 12];
/** Where they can run: 3 x 3 convolutions, long sums. */
const VARIANTS: Choices = {
  conv2d: 'winogradRegister8',
  conv2dInputGradient: 'winogradRegister8',
  matmul: 'splitRegister8Strided',
  reduce: 'subgroup',
  // As on hardware GPUs, where lanes share these sums.
  batchMoments: 'workgroup',
  batchMomentsCombine: 'workgroup',
  batchNormGradientSums: 'workgroup',
  batchNormGradientCombine: 'workgroup',
};
/** Those with sums in parts: of 9 x 64 products. */
const SPLIT: Choices = { conv2d: 'splitTile64Vec4', conv2dInputGradient: 'splitTile64Vec4' };

const WINOGRAD = ['conv2d winogradRegister8', 'conv2dInputGradient winogradRegister8'];

/** The losses of some steps, which variants ran, and what the largest program took. */
async function train(precision: 'float32' | 'mixed', choices: Choices, batch = BATCH) {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const device = await open('webgpu', { adapter, precision, choices });
  const model = findModel('resnet-small').create({ classes: CLASSES, seed: 5 });
  await model.to(device);
  const optimizer = sgd(model.memory, { lr: 0.005, momentum: 0.9 });
  const random = generator(3);
  const images = Float32Array.from({ length: batch * SIDE * SIDE * 3 }, (_, i) => Math.sin(i * i * 0.37));
  const labels = Int32Array.from({ length: batch }, (_, i) => i % CLASSES);
  const losses: number[] = [];
  const ran = new Set<string>();
  let peakBytes = 0;
  device.observe(({ launches }) => {
    for (const { kernel, variant } of launches ?? []) ran.add(`${kernel} ${variant}`);
  });
  for (let step = 0; step < STEPS; step++) {
    losses.push(
      await device.run(() => {
        const loss = crossEntropy(
          model.forward(tensor(images, [batch, SIDE, SIDE, 3]), { random }),
          tensor(labels, [batch]),
        );
        backward(loss);
        return loss;
      }),
    );
    peakBytes = Math.max(peakBytes, device.lastProgram.peakBytes);
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
    random.step++;
  }
  optimizer.close();
  await device.close();
  return { losses, ran, peakBytes };
}

/** With the variants that are chosen without a tuner. */
const plain: { [precision in 'float32' | 'mixed']?: Awaited<ReturnType<typeof train>> } = {};
for (const [precision, tolerance, choices] of [
  ['float32', 1e-3, VARIANTS],
  ['mixed', 2e-2, VARIANTS],
  ['mixed', 2e-2, SPLIT],
] as const) {
  (precision === 'mixed' ? halfTest : test)(
    `${precision}: losses with the tuner's ${choices.conv2d} are those of the plain variants`,
    async () => {
      plain[precision] ??= await train(precision, {});
      const { losses, ran } = plain[precision];
      const varied = await train(precision, choices);
      // Products are too small here to be split.
      const taken = Object.entries(choices).filter(([kernel]) => !['matmul', 'reduce'].includes(kernel));
      for (const name of taken.map((choice) => choice.join(' ')))
        assert.ok(varied.ran.has(name) && !ran.has(name), `${name} ran: ${[...varied.ran].join(', ')}`);
      assert.ok(losses[STEPS - 1] < losses[0], 'the network learns');
      assertLosses(precision, varied.losses, losses, tolerance);
    },
  );
}

test('losses with the variants that a rule takes are those of the plain ones, and a program says what they need', async () => {
  const ruled = await train('float32', {}, BATCH_OF_RULE);
  const tiles = { conv2d: 'register8Vec4', conv2dInputGradient: 'register8Vec4' };
  const plain = await train('float32', tiles, BATCH_OF_RULE);
  for (const name of WINOGRAD) assert.ok(ruled.ran.has(name) && !plain.ran.has(name), name);
  assertLosses('by rule', ruled.losses, plain.losses, 1e-3);
  // 36 positions of 64 x 64 weights and of 48 tiles' 64 channels and 64 filters.
  assert.is(ruled.peakBytes - plain.peakBytes, 4 * 36 * (64 * 64 + 48 * (64 + 64)));
});

function assertLosses(
  what: string,
  found: readonly number[],
  expected: readonly number[],
  tolerance: number,
) {
  const off = found.map((loss, step) => Math.abs(loss / expected[step] - 1));
  console.log(`# ${what}: losses differ by ${off.map((share) => share.toExponential(1)).join(', ')}`);
  assert.ok(Math.max(...off) < tolerance, `${found}, not ${expected}`);
}

test.run();
