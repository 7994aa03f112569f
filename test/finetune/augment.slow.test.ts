/** Training with each kind of augmentation: it runs, its loss falls, and stopped and resumed it writes the same bytes. */
import { PARTS } from '#src/inputs/index';
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from './full-support.js';

const data = smallData();

for (const augment of [...Object.keys(PARTS), 'none,rotate=90,color-jitter=0.8,rand-augment=20']) {
  test(`--augment ${augment}`, async () => {
    const options = () => fullRun(data, { augment, epochs: 6, lr: 0.02, headLr: 0.05, batchNorm: 'train' });
    const whole = await finetune(options());
    const losses = whole.epochs.map(({ train_loss }) => train_loss as number);
    assert.ok(Math.min(...losses.slice(-2)) < losses[0], `${losses}`);
    const stopped = await interrupted(5, options());
    await resume({ resume: stopped.run });
    await assertSameRuns(stopped.run, whole.run);
  });
}

test('sizes of micro-batches and threads change nothing but the last digits', async () => {
  const run = async (microBatch: number, threads: number) => {
    const augment = 'standard,color-jitter,blur,trivial-augment';
    const options = { augment, microBatch, threads, batchNorm: 'frozen', epochs: 1 } as const;
    const { epochs } = await finetune(fullRun(data, options));
    return epochs[0].train_loss as number;
  };
  const [whole, parts] = [await run(8, 1), await run(3, 2)];
  assert.ok(Math.abs(whole - parts) < 1e-4 * whole, `${whole} and ${parts}`);
});

test.run();
