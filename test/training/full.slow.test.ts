/** Runs of the full stage beside others that have to agree with them. */
import { type FinetuneOptions, finetune } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLASSES, fullRun, largestDifference, smallData } from '../finetune/full-support.js';
import { imageFolderOf, listener, newPath } from '../finetune/support.js';

const data = smallData();
const notes = ({ events }: ReturnType<typeof listener>) =>
  events.flatMap((event) => (event.type === 'note' ? [event.text] : []));

test('a full stage that makes the probe worse leaves the probe as the best', async () => {
  const ruinous = {
    strategy: 'probe-then-full',
    epochs: 1,
    lr: 1e-7,
    headLr: 3,
    schedule: 'constant',
    warmup: 0,
  };
  const result = await finetune(fullRun(data, ruinous));
  const { model, weights, device } = fullRun(data) as Required<FinetuneOptions>;
  const probe = await finetune({ data, model, weights, device, strategy: 'probe', out: newPath() });
  assert.is(result.best.epoch, 0);
  assert.is(result.best.val_accuracy, probe.best.val_accuracy);
  assert.is(await largestDifference(result.checkpoints.best, probe.checkpoints.best), 0);
  assert.ok((await largestDifference(result.checkpoints.last, probe.checkpoints.best)) > 0);
});

test('accumulating 4 times 8 images is a batch of 32, to 1e-6, with frozen batch norm', async () => {
  const options = { batchSize: 32, batchNorm: 'frozen', valSplit: 0 };
  const images = imageFolderOf(CLASSES, 16);
  const whole = await finetune(fullRun(images, options));
  const context = listener();
  const parts = await finetune(fullRun(images, { ...options, microBatch: 8 }), context);
  assert.is(parts.resolved_defaults.micro_batch, 8);
  assert.ok(notes(context).includes('A batch of 32 is computed as 4 times 8 samples.'));
  const difference = await largestDifference(parts.checkpoints.last, whole.checkpoints.last);
  console.log(`# accumulated and whole batches differ by ${difference}`);
  assert.ok(difference <= 1e-6, `${difference}`);
});

test.run();
