/** `--threads`: a whole run writes the same bytes with any number of them. */
import { finetune } from '#src/finetune/index';
import { test } from 'uvu';
import { assertSameRuns, fullRun, smallData } from './full-support.js';

test('probe and full stage with 1, 2 and 3 threads: the same files', async () => {
  const data = smallData();
  const train = (threads: number) => finetune(fullRun(data, { strategy: 'probe-then-full', threads }));
  const expected = await train(1);
  for (const threads of [2, 3]) await assertSameRuns((await train(threads)).run, expected.run);
});

test.run();
