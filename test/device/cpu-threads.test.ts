/** Threads of the CPU device: the same bytes from any number of them, and a run that ends when one fails. */
import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Team } from '#src/device/cpu/team';
import { open } from '#src/engine/open';
import { resnetSmall } from '#src/models/index';
import { backward, crossEntropy, exp, reshape, sum } from '#src/ops/index';
import { sgd } from '#src/optim/index';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';

const STEPS = 4;
const IDLE_MS = 1000;

/** Hash of all arrays of a small network after some training steps, and the losses. */
async function train(threads: number): Promise<{ readonly hash: string; readonly losses: number[] }> {
  const device = await open('cpu', { threads });
  try {
    const model = resnetSmall({ classes: 3, depth: 1 });
    await model.to(device);
    const optimizer = sgd(model.memory, { lr: 0.05, momentum: 0.9 });
    const random = generator(1);
    const images = Float32Array.from({ length: 5 * 12 * 12 * 3 }, (_, i) => Math.sin(i * 0.7));
    const labels = Int32Array.from([0, 1, 2, 0, 1]);
    const losses: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const loss = await device.run(() => {
        const result = crossEntropy(
          model.forward(tensor(images, [5, 12, 12, 3]), { random }),
          tensor(labels, [5]),
        );
        backward(result);
        return result;
      });
      losses.push(loss);
      await device.run(() => {
        optimizer.step();
        optimizer.zeroGradients();
      });
    }
    const hash = createHash('sha256');
    for (const values of (await model.readValues()).values()) {
      hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    return { hash: hash.digest('hex'), losses };
  } finally {
    await device.close();
  }
}

test('1, 2 and 3 threads give the same bytes after training', async () => {
  const one = await train(1);
  assert.ok(one.losses[STEPS - 1] < one.losses[0], `losses ${one.losses}`);
  assert.equal(await train(2), one);
  assert.equal(await train(3), one);
});

test('threads that have nothing to do sleep', async () => {
  const device = await open('cpu', { threads: 3 });
  // Several commands and runs: the threads have met at barriers, and wait for the next run.
  const x = device.createState([1000], 'float32', new Float32Array(1000).fill(0.5));
  for (let run = 0; run < 5; run++) await device.run(() => sum(exp(reshape(x, [10, 100])), 0));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const { user, system } = process.cpuUsage(before);
  await device.close();
  const used = (user + system) / 1000;
  console.log(`# ${used.toFixed(1)} ms of processor time in ${IDLE_MS} ms`);
  assert.ok(used < 25, `${used} ms of processor time while idle`);
});

test('the shares of a team cover every unit once', () => {
  for (const threads of [1, 2, 3, 7]) {
    const control = new SharedArrayBuffer(16);
    for (const units of [0, 1, 2, 3, 6, 7, 8, 100]) {
      const shares = Array.from({ length: threads }, (_, index) =>
        new Team(control, threads, index).share(units),
      );
      let end = 0;
      for (const share of shares) {
        assert.is(share[0], end);
        assert.ok(share[1] >= share[0]);
        end = share[1];
      }
      assert.is(end, units);
    }
  }
});

test('a number of threads that makes no sense is refused', async () => {
  for (const threads of [-1, 1.5, 1000]) {
    try {
      await (await open('cpu', { threads })).close();
      assert.unreachable(`${threads} threads`);
    } catch (error) {
      assert.match((error as Error).message, /number of threads must be a whole number from 1 to 32/);
    }
  }
});

test.run();
