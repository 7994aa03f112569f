/** The full stage of a regression: stopped or killed, and resumed, it ends with the bytes of one that was not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, finetune, type RegressionReport, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted } from './full-support.js';
import { killAndCompare } from './kill-support.js';
import { brightnessData } from './regression-support.js';

const { csv, folder } = brightnessData(30);

test('a full stage: the column split says which rows validate and test, and the least loss is the best', async () => {
  const lines = readFileSync(csv, 'utf8').trim().split('\n');
  const parts = ['train', 'train', 'train', 'val', 'test'];
  const withParts = join(folder, 'parts.csv');
  const rows = lines.slice(1).map((line, i) => `${line},${parts[i % 5]}`);
  writeFileSync(withParts, [`${lines[0]},split`, ...rows].join('\n'));
  const options = fullRun(withParts, { target: ['lux'], epochs: 2, batchSize: 12, batchNorm: 'train' });
  const whole = await finetune<'regression'>(options);
  assert.equal([whole.images.train, whole.images.val, whole.images.test], [18, 6, 6]);
  const [best] = whole.epochs.toSorted((a, b) => a.val_loss! - b.val_loss!);
  assert.is(whole.best.val_loss, best!.val_loss, 'the best epoch is that of the least loss');
  const again = await evaluate<'regression'>({ run: whole.run, data: withParts, device: 'cpu' });
  const tested = whole.test as RegressionReport;
  assert.equal([tested.images, tested.per_column.length], [6, 1]);
  assert.equal([again.images, again.split, again.trained_on], [6, 'test', 0], 'not the rows that trained');
  assert.ok(Math.abs(again.r2! - tested.r2!) < 1e-4, `${again.r2} beside ${tested.r2}`);
  const all = await evaluate<'regression'>({ run: whole.run, data: withParts, split: 'all', device: 'cpu' });
  assert.equal([all.images, all.trained_on], [30, 18]);
});

for (const strategy of ['full', 'probe-then-full']) {
  test(`${strategy}: stopped in the middle of an epoch and resumed, it is the same run`, async () => {
    const options = () => fullRun(csv, { strategy, epochs: 3, batchSize: 8, batchNorm: 'train' });
    const whole = await finetune<'regression'>(options());
    const { run } = await interrupted(4, options());
    const resumed = await resume<'regression'>({ resume: run });
    assert.equal([resumed.best, resumed.columns], [whole.best, ['lux', 'darkness']]);
    assert.equal(resumed.test as RegressionReport | null, whole.test);
    await assertSameRuns(run, whole.run);
  });
}

test('10 kills, and every run ends with the bytes of one that was never killed', async () => {
  const words =
    '--strategy full --optimizer adam --batch-norm train --epochs 5 --batch-size 6 --model resnet-small --weights none --device cpu --no-report';
  const plan = { words: [csv, ...words.split(' ')], kills: 10, seed: 3, mostMilliseconds: 1000 };
  console.log(`# ${plan.kills} kills in ${(await killAndCompare(plan)).runs} runs`);
});

test.run();
