/** The real program, stopped and killed: what was saved goes on as if nothing had happened. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, smallData } from './full-support.js';
import { killAndCompare, TrainingProcess } from './kill-support.js';
import { newPath } from './support.js';

const data = smallData();
const words =
  '--model resnet-small --weights none --strategy full --epochs 3 --batch-size 6 --device cpu'.split(' ');

test('Ctrl-C saves, exits with 130 and says how to go on; the resumed run equals a whole one', async () => {
  const [expected, run] = [newPath(), newPath()];
  const whole = new TrainingProcess([data, ...words, '--out', expected]);
  assert.is(await whole.end(), 0, whole.stderr);

  const stopped = new TrainingProcess([data, ...words, '--out', run]);
  await stopped.says(/^epoch 1: /m);
  stopped.child.kill('SIGINT');
  assert.is(await stopped.end(), 130, stopped.stderr);
  assert.match(stopped.stderr, /^Saving the run after [12] of 3 epochs.*\.$/m);
  assert.match(stopped.stderr, /^Saved\. To go on: attune finetune --resume .*$/m);
  assert.ok(existsSync(join(run, 'last.safetensors')));

  const resumed = new TrainingProcess(['--resume', run]);
  assert.is(await resumed.end(), 0, resumed.stderr);
  await assertSameRuns(run, expected);
});

test('killed at three random moments and resumed, a run ends with the same bytes', async () => {
  await killAndCompare({ words: [data, ...words], kills: 3, seed: 1, mostMilliseconds: 400 });
});
test.run();
