/** The loss scale: what it does to gradients (nothing), and how it follows what they can take. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { lossScaleOf, multiply, sum } from '#src/ops/index';
import { backward } from '#src/ops/backward';
import { SCALING } from '#src/ops/update/loss-scale';
import { sgd } from '#src/optim/sgd';
import type { State } from '#src/program/state';
import { Parameter } from '#src/tensor/parameter';
import { tensor } from '#src/tensor/tensor';
import { assertThrows, cpuDevice } from '../ops/support.js';

const COUNT = 70;

/** w of ones with SGD at rate 1; a step's gradient is `factor`, computed through the scale. */
async function scaled() {
  const device = await cpuDevice('float32');
  const memory = new ModelMemory(device, [new Parameter(new Float32Array(COUNT).fill(1), [COUNT])]);
  const optimizer = sgd(memory, { lr: 1, lossScaling: true });
  const scaling = optimizer.scaling as State;
  return {
    device,
    scaling,
    async step(factor: number) {
      await device.run(() => {
        optimizer.zeroGradients();
        backward(sum(multiply(memory.parameters[0], tensor([factor], [1]))), lossScaleOf(scaling));
      });
      await device.run(() => optimizer.step());
    },
    weight: async () => (await device.read(memory.values.chunks[0]))[0],
    read: async () => Array.from(await device.read(scaling)),
    close() {
      optimizer.close();
      memory.close();
    },
  };
}

test('gradients are those without a scale, to the bit', async () => {
  const { step, weight, read, close } = await scaled();
  assert.equal(await read(), [65536, 0, 0]);
  await step(0.3);
  assert.is(await weight(), Math.fround(1 - Math.fround(0.3)));
  assert.equal(await read(), [65536, 1, 0]);
  close();
});

test('gradients that overflow only with the scale leave the step out and halve it, without an error', async () => {
  const { step, weight, read, close } = await scaled();
  await step(1e34); // 65536 times as much is more than float32 has
  assert.equal(await read(), [32768, 0, 1]);
  assert.is(await weight(), 1);
  await step(0.5);
  assert.equal(await read(), [32768, 1, 1]);
  assert.is(await weight(), 0.5);
  close();
});

test('the scale doubles after 2,000 good steps in a row, up to a limit', async () => {
  const { device, scaling, step, read, close } = await scaled();
  device.write(scaling, Float32Array.of(1024, 1999, 3));
  await step(0);
  assert.equal(await read(), [2048, 0, 3]);
  device.write(scaling, Float32Array.of(2 ** 24, 1999, 3));
  await step(0);
  assert.is((await read())[SCALING.scale], 2 ** 24);
  close();
});

test('gradients that are not finite without a scale are an error, as ever', async () => {
  const { device, scaling, step, weight, read, close } = await scaled();
  device.write(scaling, Float32Array.of(1, 5, 0));
  await step(Number.NaN);
  await assertThrows(weight, 'numeric', /gradients of step 1 are not finite/);
  assert.equal(await read(), [1, 5, 0]);
  assert.is(await weight(), 1);
  close();
});

test('a NaN whatever the scale is an error after sixteen steps that were left out', async () => {
  const { step, weight, read, close } = await scaled();
  for (let i = 0; i < 16; i++) await step(Number.NaN);
  assert.equal(await read(), [1, 0, 16]);
  await step(Number.NaN);
  await assertThrows(weight, 'numeric', /gradients of step 17 are not finite/);
  close();
});

test.run();
