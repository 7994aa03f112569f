/** A small network trains the same with every variant that only the tuner takes, past the step in which plans are reused. */
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

const STEPS = 5;
const [BATCH, SIDE, CLASSES] = [4, 32, 4];
/** Where they can run: 3 x 3 convolutions, long sums. */
const VARIANTS: Choices = {
  conv2d: 'winogradRegister8',
  conv2dInputGradient: 'winogradRegister8',
  matmul: 'splitRegister8Strided',
  reduce: 'subgroup',
};

/** The losses of some steps, and which variants ran. */
async function train(precision: 'float32' | 'mixed', choices: Choices) {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const device = await open('webgpu', { adapter, precision, choices });
  const model = findModel('resnet-small').create({ classes: CLASSES, seed: 5 });
  await model.to(device);
  const optimizer = sgd(model.memory, { lr: 0.005, momentum: 0.9 });
  const random = generator(3);
  const images = Float32Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => Math.sin(i * i * 0.37));
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  const losses: number[] = [];
  const ran = new Set<string>();
  device.observe(({ launches }) => {
    for (const { kernel, variant } of launches ?? []) ran.add(`${kernel} ${variant}`);
  });
  for (let step = 0; step < STEPS; step++) {
    losses.push(
      await device.run(() => {
        const loss = crossEntropy(
          model.forward(tensor(images, [BATCH, SIDE, SIDE, 3]), { random }),
          tensor(labels, [BATCH]),
        );
        backward(loss);
        return loss;
      }),
    );
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
    random.step++;
  }
  optimizer.close();
  await device.close();
  return { losses, ran };
}

for (const [precision, tolerance] of [
  ['float32', 1e-3],
  ['mixed', 2e-2],
] as const) {
  test(`${precision}: losses with the tuner's variants are those of the plain ones`, async () => {
    const plain = await train(precision, {});
    const varied = await train(precision, VARIANTS);
    for (const name of ['conv2d winogradRegister8', 'conv2dInputGradient winogradRegister8'])
      assert.ok(varied.ran.has(name) && !plain.ran.has(name), `${name} ran: ${[...varied.ran].join(', ')}`);
    assert.ok(plain.losses[STEPS - 1] < plain.losses[0], 'the network learns');
    const off = varied.losses.map((loss, step) => Math.abs(loss / plain.losses[step] - 1));
    console.log(`# ${precision}: losses differ by ${off.map((share) => share.toExponential(1)).join(', ')}`);
    assert.ok(Math.max(...off) < tolerance, `${varied.losses}, not ${plain.losses}`);
  });
}

test.run();
