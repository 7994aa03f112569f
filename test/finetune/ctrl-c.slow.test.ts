/** Ctrl-C in the real program between two epochs; in a step: ctrl-c-step.slow.test.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, smallData } from './full-support.js';
import { TrainingProcess } from './kill-support.js';
import { newPath } from './support.js';

test('Ctrl-C saves, exits with 130 and says how to go on; the resumed run equals a whole one', async () => {
  const data = smallData();
  const words = '--model resnet-small --weights none --strategy full --epochs 3 --batch-size 6 --device cpu';
  const [expected, run] = [newPath(), newPath()];
  const whole = new TrainingProcess([data, ...words.split(' '), '--out', expected]);
  assert.is(await whole.end(), 0, whole.stderr);

  const stopped = new TrainingProcess([data, ...words.split(' '), '--out', run]);
  await stopped.says(/^epoch 1: /m);
  stopped.child.kill('SIGINT');
  assert.is(await stopped.end(), 130, stopped.stderr);
  assert.match(stopped.stderr, /^Saving the run after [12] of 3 epochs.*\.$/m);
  assert.match(stopped.stderr, /^Saved\. To go on: .* finetune --resume .*$/m);
  assert.ok(existsSync(join(run, 'last.safetensors')));

  const resumed = new TrainingProcess(['--resume', run]);
  assert.is(await resumed.end(), 0, resumed.stderr);
  await assertSameRuns(run, expected);
});
test.run();
