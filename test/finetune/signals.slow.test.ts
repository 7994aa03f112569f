/** What ends or leaves the real program alone: SIGTERM, SIGHUP, and standard streams that nobody reads any more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, smallData } from './full-support.js';
import { TrainingProcess } from './kill-support.js';
import { newPath } from './support.js';

const data = smallData();
const words =
  '--model resnet-small --weights none --strategy full --epochs 3 --batch-size 6 --device cpu --no-report';
const wordsFor = (run: string) => [data, ...words.split(' '), '--out', run];

let expected: string | undefined;
async function wholeRun(): Promise<string> {
  if (expected !== undefined) return expected;
  const run = newPath();
  const whole = new TrainingProcess(wordsFor(run));
  assert.is(await whole.end(), 0, whole.stderr);
  expected = run;
  return run;
}

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} saves as Ctrl-C does, and the resumed run equals a whole one`, async () => {
    const run = newPath();
    const stopped = new TrainingProcess(wordsFor(run));
    await stopped.says(/^epoch/m);
    stopped.child.kill(signal);
    assert.is(await stopped.end(), 130, stopped.stderr);
    assert.match(stopped.stderr, /^Saving the run after [0-2] of 3 epochs.*\.$/m);
    const resumed = new TrainingProcess(['--resume', run, '--no-report']);
    assert.is(await resumed.end(), 0, resumed.stderr);
    await assertSameRuns(run, await wholeRun());
  });
}

test('standard output or standard error is closed early: the run is done and saved, and the program ends well', async () => {
  const launcher = fileURLToPath(new URL('../../../src/cli/attune.mjs', import.meta.url));
  for (const closed of ['stdout', 'stderr', 'both']) {
    const run = newPath();
    const child = spawn(process.execPath, [launcher, 'finetune', ...wordsFor(run)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (closed !== 'stderr') child.stdout.destroy();
    else child.stdout.resume();
    // As `2>&1 | head -1`: one line is read.
    if (closed !== 'stdout') child.stderr.once('data', () => child.stderr.destroy());
    else child.stderr.resume();
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    assert.equal([code, signal], [0, null], closed);
    await assertSameRuns(run, await wholeRun());
  }
});

test.run();
