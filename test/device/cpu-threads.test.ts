/** Threads of the CPU device: the same bytes from any number of them, and a run that ends when one fails. */
import { createHash } from 'node:crypto';
import { setTimeout as rest } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newControl, Team } from '#src/device/cpu/team';
import { open } from '#src/engine/open';
import { resnetSmall } from '#src/models/index';
import { add, backward, crossEntropy, exp, reshape, sum, transpose } from '#src/ops/index';
import { sgd } from '#src/optim/index';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';

const STEPS = 4;
/** Threads that nobody has waited for may still be loading at first. */
const LOADING_MS = 500;
const IDLE_MS = 500;

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
  await rest(LOADING_MS);
  const before = process.cpuUsage();
  await rest(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  await device.close();
  const used = (user + system) / 1000;
  console.log(`# ${used.toFixed(1)} ms of processor time in ${IDLE_MS} ms`);
  assert.ok(used < 25, `${used} ms of processor time while idle`);
});

test('a run that was announced comes at once, late, or never, and every one is computed', async () => {
  for (const threads of [1, 2]) {
    const device = await open('cpu', { threads });
    const doubled = (value: number, recordingMs: number) =>
      device.run(() => {
        const end = performance.now() + recordingMs;
        while (performance.now() < end);
        return add(tensor([value], [1]), tensor([value], [1]));
      });
    for (let i = 0; i < 30; i++) {
      const never = device
        .run(() => {
          throw new Error('nothing to run');
        })
        .catch((error: Error) => error.message);
      const [late, ...queued] = await Promise.all([doubled(i, i % 3), doubled(i + 1, 0), doubled(i + 2, 0)]);
      assert.equal(
        [late, ...queued].flatMap((values) => [...values]),
        [2 * i, 2 * i + 2, 2 * i + 4],
      );
      assert.is(await never, 'nothing to run');
    }
    await device.close();
  }
});

test('1, 2 and 3 threads transpose alike, many times', async () => {
  const [rows, columns] = [301, 203];
  const values = Float32Array.from({ length: 3 * rows * columns }, (_, i) => i);
  const expected = new Float32Array(values.length);
  for (const [i, value] of values.entries()) {
    const [image, row, column] = [
      Math.floor(i / rows / columns),
      Math.floor(i / columns) % rows,
      i % columns,
    ];
    expected[(image * columns + column) * rows + row] = value;
  }
  for (const threads of [1, 2, 3]) {
    const device = await open('cpu', { threads });
    try {
      const x = device.createState([3, rows, columns], 'float32', values);
      for (let run = 0; run < 5; run++) {
        const found = await device.run(() => transpose(x, [0, 2, 1]));
        assert.equal(Buffer.compare(Buffer.from(found.buffer), Buffer.from(expected.buffer)), 0);
      }
    } finally {
      await device.close();
    }
  }
});

test('shares cover every unit once, whoever takes them', () => {
  for (const threads of [1, 2, 3, 7]) {
    const control = newControl(threads);
    // The last of them never comes: the others take its share.
    const team = Array.from({ length: Math.max(1, threads - 1) }, (_, i) => new Team(control, threads, i));
    for (const units of [0, 1, 2, 3, 6, 7, 8, 100]) {
      const taken: (readonly [number, number])[] = [];
      for (const member of team) {
        for (let share = member.take(units); share !== null; share = member.take(units)) {
          taken.push(share);
          member.done();
          if (taken.length % 2 === 0) break;
        }
      }
      for (let share = team[0]!.take(units); share !== null; share = team[0]!.take(units)) {
        taken.push(share);
        team[0]!.done();
      }
      for (const member of team) assert.ok(member.next());
      assert.is(taken.length, threads);
      let end = 0;
      for (const share of taken.sort(([a, b], [c, d]) => a - c || b - d)) {
        assert.is(share[0], end);
        end = share[1];
      }
      assert.is(end, units);
    }
  }
});

test('who comes too late for a run finds nothing to do, and neither does one in a run that failed', () => {
  const control = newControl(2);
  const [conductor, late] = [0, 1].map((index) => new Team(control, 2, index)) as [Team, Team];
  const run = (phases: number) => {
    const { phase } = conductor;
    conductor.begin();
    for (let i = 0; i < phases; i++) {
      while (conductor.take(10) !== null) conductor.done();
      assert.ok(conductor.next());
    }
    return phase;
  };
  const first = run(3);
  run(2);
  late.help(first, () => {
    for (let i = 0; i < 3; i++) {
      assert.is(late.take(10), null);
      assert.ok(late.next());
    }
  });
  const failed = conductor.phase;
  conductor.begin();
  assert.ok(conductor.take(10) !== null);
  conductor.fail();
  late.help(failed, () => {
    assert.is(late.take(10), null);
    assert.not.ok(late.next());
  });
  conductor.abandon(failed, 4);
  const after = conductor.phase;
  assert.is(after, failed + 4);
  assert.is(run(1), after);
  late.help(failed, () => {
    for (let i = 0; i < 4; i++) {
      assert.is(late.take(10), null, 'of the run that failed');
      assert.ok(late.next());
    }
  });
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
