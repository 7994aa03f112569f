/** Ctrl-C in a long step of the real program: answered at once, and nothing is lost. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, smallData } from './full-support.js';
import { TrainingProcess } from './kill-support.js';
import { newPath } from './support.js';

/** What a person may wait for an answer, in milliseconds. */
const AT_ONCE = 100;
/** The same on a machine so busy that a process waits for its turn. */
const SOON = 3000;

const watch = ['--import', new URL('./watch-event-loop.js', import.meta.url).href];
/** Two steps of about a second. */
const words =
  '--model resnet-small --weights none --strategy full --epochs 1 --batch-size 8 --image-size 144 --device cpu'.split(
    ' ',
  );
const ANSWER = /^Stopping: the step at hand is finished, .* Press Ctrl-C again to end at once\.$/m;

/** Presses Ctrl-C and resolves when it was answered; fails when that takes long. */
async function pressed(training: TrainingProcess): Promise<void> {
  const before = performance.now();
  training.child.kill('SIGINT');
  await training.says(ANSWER);
  assert.ok(performance.now() - before < SOON, `answered after ${performance.now() - before} ms`);
}

/** Asserts that the main thread of a process could always have answered. */
function assertNeverBusy({ stderr }: TrainingProcess): void {
  const [, busy] = /^# busy for (\d+) ms at most$/m.exec(stderr) ?? [];
  console.log(`# the main thread was busy for ${busy} ms at most`);
  assert.ok(Number(busy) < AT_ONCE, stderr);
}

test('the first Ctrl-C finishes the step, the second ends at once; resumed, the bytes are those of a whole run', async () => {
  const [data, expected, run] = [smallData(), newPath(), newPath()];
  const whole = new TrainingProcess([data, ...words, '--out', expected]);
  assert.is(await whole.end(), 0, whole.stderr);

  const ended = new TrainingProcess([data, ...words, '--out', run], watch);
  await ended.says(/^epoch/m);
  await pressed(ended);
  const before = performance.now();
  ended.child.kill('SIGINT');
  assert.is(await ended.end(), 130, ended.stderr);
  assert.ok(performance.now() - before < SOON);
  assert.not.match(ended.stderr, /^Saving/m);
  assertNeverBusy(ended);

  const stopped = new TrainingProcess(['--resume', run], watch);
  await stopped.says(/^epoch/m);
  await pressed(stopped);
  assert.is(await stopped.end(), 130, stopped.stderr);
  const saving = stopped.stderr.search(/^Saving the run after 0 of 1 epochs and 1 batch\.$/m);
  assert.ok(saving > stopped.stderr.search(ANSWER), stopped.stderr);
  assertNeverBusy(stopped);

  const resumed = new TrainingProcess(['--resume', run]);
  assert.is(await resumed.end(), 0, resumed.stderr);
  await assertSameRuns(run, expected);
});
test.run();
