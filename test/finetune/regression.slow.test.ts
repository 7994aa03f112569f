/** A regression that is stopped or killed, and resumed, ends with the bytes of one that was not. */
import { finetune, type RegressionReport, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted } from './full-support.js';
import { killAndCompare } from './kill-support.js';
import { brightnessData } from './regression-support.js';

const { csv } = brightnessData(30);

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
    '--strategy full --optimizer adam --batch-norm train --epochs 5 --batch-size 6 --model resnet-small --weights none --device cpu';
  const plan = { words: [csv, ...words.split(' ')], kills: 10, seed: 3, mostMilliseconds: 1000 };
  console.log(`# ${plan.kills} kills in ${await killAndCompare(plan)} runs`);
});

test.run();
