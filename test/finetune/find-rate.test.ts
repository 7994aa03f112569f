/** The rate finder: its rule on curves, its sweep on a small network. */
import { existsSync } from 'node:fs';
import { findRate, type RatePoint } from '#src/finetune/index';
import { sweepRates, valley } from '#src/finetune/find-rate';
import { withRun } from '#src/finetune/run/prepare-run';
import type { Run } from '#src/runs/run';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, fullRun, smallData, smallWeights } from './full-support.js';
import { fails, listener } from './support.js';

const data = smallData();

/** Points at rates 0, 1, 2, ... with these smoothed losses. */
const curve = (losses: readonly number[]): RatePoint[] =>
  losses.map((smoothed, lr) => ({ lr, loss: smoothed, smoothed }));

test('the suggestion lies in the middle third of the longest fall', () => {
  // 40 steps level, 30 down, 30 up: without the first ten and the last five the fall is that of the points 30 to 59.
  const losses = Array.from({ length: 100 }, (_, i) =>
    i < 40 ? 3 : i < 70 ? 3 - (i - 39) / 15 : 1 + (i - 69) / 5,
  );
  // By hand, as fastai computes it: the fall has 31 points and ends at 59, so it begins at 28; 28 + 10 + 5.
  assert.is(valley(curve(losses)), 10 + 28 + 10 + 5);
  const noisy = losses.map((loss, i) => loss + (i % 2) * 1e-4);
  assert.ok(Math.abs(Number(valley(curve(noisy))) - 53) <= 3, 'a little noise moves it little');
});

test('there is no suggestion where the loss never falls, or for too few points', () => {
  assert.is(valley(curve(Array.from({ length: 50 }, (_, i) => i))), null);
  assert.is(valley(curve([3, 2, 1])), null);
  assert.is(valley([]), null);
});

test('a sweep ascends evenly, smooths as fastai does, ends where the loss explodes, and leaves nothing', async () => {
  const { out, epochs: _, ...options } = fullRun(data, { batchNorm: 'train', batchSize: 16, threads: 1 });
  const result = await findRate({ ...options, iterations: 40, lrFrom: 1e-5, lrTo: 1e3 }, listener());
  assert.is(result.model, 'resnet-small');
  assert.ok(result.diverged && result.points.length < 40, `${result.points.length} points`);
  const ratio = 1e8 ** (1 / 39);
  let average = 0;
  result.points.forEach(({ lr, loss, smoothed }, i) => {
    assert.ok(Math.abs(lr / (1e-5 * ratio ** i) - 1) < 1e-9, `rate ${i}`);
    average = 0.98 * average + 0.02 * loss;
    assert.ok(
      Object.is(smoothed, average / (1 - 0.98 ** (i + 1))) ||
        Math.abs(smoothed * (1 - 0.98 ** (i + 1)) - average) < 1e-9,
    );
  });
  assert.ok(result.suggestion !== null && result.suggestion.lr < 1);
  assert.is(result.suggestion.head_lr, 10 * result.suggestion.lr);
  assert.not.ok(existsSync(out as string));
});

test('weights and running statistics are afterwards what they were before', async () => {
  const options = fullRun(data, { weights: await smallWeights(), batchNorm: 'train', ema: 0.9, threads: 1 });
  await withRun(
    options,
    {},
    {
      async work(run) {
        const { model } = run.loaded;
        const trunk = async () => {
          const values = await model.readValues();
          const arrays = Array.from(model.namedArrays()).filter(
            ({ name }) => !name.startsWith(model.headName),
          );
          return new Map(arrays.map(({ name, array }) => [name, Buffer.from(bytesOf(values.get(array)!))]));
        };
        const before = await trunk();
        assert.ok(before.has('bn1.running_mean'));
        const { points } = await sweepRates(run, [1e-3, 1e-2, 1e-1]);
        assert.is(points.length, 3);
        const after = await trunk();
        for (const [name, bytes] of before) assert.ok(bytes.equals(after.get(name)!), name);
      },
    },
  );
});

test('what cannot be swept is refused, and an interruption ends it', async () => {
  const { out: _, ...options } = fullRun(data);
  await fails(findRate({ ...options, lrFrom: 1, lrTo: 1 }), 'usage', /^the rates 1 to 1 do not ascend/);
  await fails(
    findRate({ data, model: 'resnet-small', weights: 'none', strategy: 'probe' }),
    'usage',
    /^the strategy probe.* has no learning rate/,
  );
  const work = (run: Run) => {
    const [{ array }] = run.loaded.model.namedArrays();
    array.set(new Float32Array(array.length).fill(Infinity));
    return sweepRates(run, [1e-3, 1e-2, 1e-1]);
  };
  await fails(withRun(options, {}, { work }), 'numeric', /^the loss is not finite before any rate/);
  const controller = new AbortController();
  const onEvent = () => controller.abort();
  await fails(findRate(options, { signal: controller.signal, onEvent }), 'interrupted', /./);
});

test.run();
