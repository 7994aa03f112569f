/** Ctrl-C in the real program: pressed, answered at once, and the main thread was never busy for long. */
import * as assert from 'uvu/assert';
import { assertSameRuns, smallData } from './full-support.js';
import { TrainingProcess } from './kill-support.js';
import { newPath } from './support.js';

/** What a person may wait for an answer, in milliseconds. */
const AT_ONCE = 100;
/** The same on a machine so busy that a process waits for its turn. */
const SOON = 3000;

const watch = ['--import', new URL('./watch-event-loop.js', import.meta.url).href];
const ANSWER = /^Stopping: the step at hand is finished, .* Press Ctrl-C again to end at once\.$/m;

/** `attune finetune ...words`, watched; resolves when a line of standard error matches. */
export async function watched(words: readonly string[], line: RegExp): Promise<TrainingProcess> {
  const training = new TrainingProcess(words, watch);
  await training.says(line);
  return training;
}

/** Presses Ctrl-C and resolves when it was answered; fails when that takes long. */
export async function pressed(training: TrainingProcess): Promise<void> {
  const before = performance.now();
  training.child.kill('SIGINT');
  await training.says(ANSWER);
  assert.ok(performance.now() - before < SOON, `answered after ${performance.now() - before} ms`);
}

/** Asserts that a process ends with 130, and that its main thread could always have answered within this time. */
export async function assertEnds(training: TrainingProcess, milliseconds = AT_ONCE): Promise<void> {
  assert.is(await training.end(), 130, training.stderr);
  const [, busy] = /^# busy for (\d+) ms at most$/m.exec(training.stderr) ?? [];
  console.log(`# the main thread was busy for ${busy} ms at most`);
  assert.ok(Number(busy) < milliseconds, training.stderr);
}

/**
 * Presses Ctrl-C twice in the first of two long steps, goes on, presses it once, goes on, and compares with a run that
 * was left alone. `words` choose the device and what makes the steps long; `milliseconds` is for `assertEnds`.
 */
export async function assertAnswersInLongStep(
  words: readonly string[],
  milliseconds = AT_ONCE,
): Promise<void> {
  const [data, expected, run] = [smallData(), newPath(), newPath()];
  const all = `--model resnet-small --weights none --strategy full --epochs 1 --batch-size 8`.split(' ');
  all.push(...words);
  const whole = new TrainingProcess([data, ...all, '--out', expected]);
  assert.is(await whole.end(), 0, whole.stderr);

  const ended = await watched([data, ...all, '--out', run], /^epoch/m);
  await pressed(ended);
  const before = performance.now();
  ended.child.kill('SIGINT');
  await assertEnds(ended, milliseconds);
  assert.ok(performance.now() - before < SOON);
  assert.not.match(ended.stderr, /^Saving/m);

  const stopped = await watched(['--resume', run], /^epoch/m);
  await pressed(stopped);
  await assertEnds(stopped, milliseconds);
  const saving = stopped.stderr.search(/^Saving the run after 0 of 1 epochs and 1 batch\.$/m);
  assert.ok(saving > stopped.stderr.search(ANSWER), stopped.stderr);
  assert.match(stopped.stderr, /^Saved\. To go on: .* finetune --resume .*$/m);

  const resumed = new TrainingProcess(['--resume', run]);
  assert.is(await resumed.end(), 0, resumed.stderr);
  await assertSameRuns(run, expected);
}
