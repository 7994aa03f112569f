/** A run that is stopped, as often as can be, or made longer equals one that never stopped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetune, type RunEvent, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from './full-support.js';
import { fails } from './support.js';

const data = smallData();

test('stopped after every batch, a run ends with the bytes of one that never stopped', async () => {
  const options = () => fullRun(data, { optimizer: 'adam', batchNorm: 'train', batchSize: 6 });
  const whole = await finetune(options());
  const { run } = await interrupted(1, options());
  let stops = 1;
  for (let going = true; going; ) {
    const controller = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.type === 'progress' && event.task.startsWith('epoch')) controller.abort();
    };
    ({ interrupted: going } = await resume({ resume: run }, { signal: controller.signal, onEvent }));
    if (going) stops++;
  }
  // After the third batch of an epoch its validation is stopped.
  assert.is(stops, 6);
  await assertSameRuns(run, whole.run);
});

test('probe-then-full, with momentum, its moments and the metrics of the head', async () => {
  const options = { strategy: 'probe-then-full', epochs: 2, augment: 'flip', sampling: 'balanced' };
  const expected = await finetune(fullRun(data, options));
  const stopped = await interrupted(3, fullRun(data, options));
  const resumed = await resume({ resume: stopped.run, threads: 1 });
  assert.is(resumed.epochs.length, expected.epochs.length);
  await assertSameRuns(resumed.run, expected.run);
});

test('--epochs makes a finished run longer, as if it had been meant so', async () => {
  const constant = { schedule: 'constant', warmup: 0 };
  const long = await finetune(fullRun(data, { ...constant, epochs: 3 }));
  const short = await finetune(fullRun(data, { ...constant, epochs: 2 }));
  await fails(
    resume({ resume: short.run }),
    'input',
    /^nothing is left to do: 2 epochs are done, and 2 were asked for .*: ask for more with --epochs/,
  );
  await fails(resume({ resume: short.run, epochs: 1 }), 'input', /2 epochs are done, and 1 was asked for/);
  const longer = await resume({ resume: short.run, epochs: 3 });
  await assertSameRuns(longer.run, long.run, ['last']);
  const recipe = (run: string) => JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8'));
  assert.equal(recipe(longer.run), recipe(long.run));
});

test.run();
