/** A run that is stopped as often as can be equals one that never stopped. */
import { finetune, type RunEvent, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from './full-support.js';

test('stopped after every batch, a run ends with the bytes of one that never stopped', async () => {
  const data = smallData();
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

test.run();
