/** The images of a step that has ended are overwritten: no step that goes on may still need them. */
import type { TrainingBatch } from '#src/data/index';
import { finetune } from '#src/finetune/index';
import { RecentBatches } from '#src/finetune/training/recent-batches';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, smallData } from './full-support.js';
import { poisoned } from './poisoned.js';

// Stopped and resumed, mixed and with sharpness-aware minimisation: recent-batches.slow.test.ts.
test('what becomes of images that are free changes nothing', async () => {
  const data = smallData();
  // Four steps in an epoch, each of two micro-batches, and an evaluation between the epochs.
  const options = { batchSize: 4, microBatch: 2, tensorboard: false };
  const { run } = await finetune(fullRun(data, options));
  const count = await poisoned(async () => {
    await assertSameRuns((await finetune(fullRun(data, options))).run, run);
  });
  assert.ok(count > 2, `${count} batches were free`);
});

test('the last three steps are known: a failure is read with the results of the next, when one more has begun', () => {
  const recent = new RecentBatches();
  const batches = Array.from({ length: 9 }, (_, step) => ({ images: Uint8Array.of(step) }) as TrainingBatch);
  for (const [step, batch] of batches.entries()) recent.add(step, batch);
  for (const step of [6, 7, 8]) {
    assert.is(recent.get(step), batches[step]);
    assert.not.ok(recent.spare.includes(batches[step].images));
  }
  assert.is(recent.get(0), undefined, 'what is kept does not grow');
  assert.ok(recent.spare.length < 6);
});

test.run();
