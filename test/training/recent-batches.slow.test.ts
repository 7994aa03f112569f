/** Images that are free are spoilt: whatever a step does with its own, and wherever the run stops. */
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from '../finetune/full-support.js';
import { poisoned } from '../finetune/poisoned.js';

const data = smallData();
const methods = {
  'four micro-batches': { microBatch: 1 },
  'batch norm that trains, and a last batch of one image': {
    batchNorm: 'train',
    batchSize: 3,
    augment: 'standard',
  },
  mixup: { microBatch: 2, mixup: 0.4 },
  cutmix: { microBatch: 2, cutmix: 1, randomErasing: 0.5 },
  'sharpness-aware minimisation, all mixed': { microBatch: 1, mixup: 0.4, cutmix: 1, sam: 0.05 },
} as const;

for (const [name, method] of Object.entries(methods)) {
  test(`${name}: stopped and resumed with poisoned images, the run is the same`, async () => {
    const options = { epochs: 3, batchSize: 4, ...method };
    const { run } = await finetune(fullRun(data, options));
    const count = await poisoned(async () => {
      const stopped = await interrupted(6, fullRun(data, options));
      const resumed = await resume({ resume: stopped.run, threads: 1 });
      await assertSameRuns(resumed.run, run);
    });
    assert.ok(count > 3, `${count} batches were free`);
  });
}

test('what becomes of images that are free changes nothing', async () => {
  // Four steps in an epoch, each of two micro-batches, and an evaluation between the epochs.
  const options = { batchSize: 4, microBatch: 2, tensorboard: false };
  const { run } = await finetune(fullRun(data, options));
  const count = await poisoned(async () => {
    await assertSameRuns((await finetune(fullRun(data, options))).run, run);
  });
  assert.ok(count > 2, `${count} batches were free`);
});

test.run();
