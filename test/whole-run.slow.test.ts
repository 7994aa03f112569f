/** bench/whole-run.mjs, shortened: PyTorch does the same work, and the program would notice if it did not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bench = new URL('../../bench/', import.meta.url);
const library = (name: string) => import(new URL(`lib/whole-run/${name}`, bench).href);

function wholeRun(...words: string[]) {
  const program = fileURLToPath(new URL('whole-run.mjs', bench));
  return spawnSync(process.execPath, [program, '--rounds', '1', '--threads', '1', ...words], {
    encoding: 'utf8',
  });
}

test('attune and PyTorch make the same ten steps from the same weights', () => {
  const { status, stdout, stderr } = wholeRun('--steps', '10', '--every', '5', '--target', '0.01');
  assert.is(status, 0, stderr);
  assert.match(stdout, /\n\| attune \S+ cpu \| /);
  assert.match(stdout, /\n\| PyTorch \S+ \| .*one thread, contiguous/);
  const losses = stdout
    .slice(stdout.indexOf('| step | loss'))
    .matchAll(/^\| (\d+) \| (\d\S+) \| (\d\S+) \|$/gm);
  const rows = Array.from(losses, ([, ...cells]) => cells.map(Number));
  assert.equal(
    rows.map(([step]) => step),
    [1, 2, 3, 5, 10],
  );
  for (const [step, ours, theirs] of rows) assert.ok(Math.abs(ours - theirs) < 0.01 * theirs, `step ${step}`);
});

test('an engine that never comes to the accuracy has no time', () => {
  const { status, stdout, stderr } = wholeRun('--steps', '1', '--target', '0.99');
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(stderr, /attune \S+ cpu came to an accuracy of 0\.\d+, and never to 0\.99/);
});

test('what cannot be measured is refused', () => {
  assert.match(wholeRun('--target', '95').stderr, /--target 95 is not a share above 0 and at most 1/);
  assert.match(wholeRun('--tfjs').stderr, /--tfjs needs --device webgpu/);
});

test('a task is the same files every time, with every image met once before any is again', async () => {
  const { batchOf, readTask, writeTask } = await library('task.mjs');
  const folders = ['a', 'b'].map((name) => mkdtempSync(join(tmpdir(), `attune-task-${name}-`)));
  try {
    for (const folder of folders) await writeTask(folder, { steps: 100 });
    for (const name of ['task.json', 'train.f32', 'test.f32', 'train.u8', 'order.u32', 'weights.f32']) {
      const [a, b] = folders.map((folder) => readFileSync(join(folder, name)));
      assert.ok(a.equals(b), name);
    }
    const task = await readTask(folders[0]);
    const { batch, order, train, test: held } = task;
    const count = train.labels.length;
    assert.is(new Set(order.subarray(0, count)).size, count);
    assert.is(new Set(order.subarray(count)).size, 100 * batch - count);
    const { images, labels } = batchOf(task, 99);
    const last = order[99 * batch + batch - 1];
    const length = 28 * 28;
    assert.equal(images.subarray(-length), train.images.subarray(last * length, (last + 1) * length));
    assert.is(labels[batch - 1], train.labels[last]);
    assert.equal(held.labels.subarray(0, 11), Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0));
    assert.not.equal(held.images.subarray(0, length), train.images.subarray(0, length));
    // Up to the whole rate in ten steps, and down to nearly nothing.
    assert.is(task.rates.indexOf(Math.max(...task.rates)), 10);
    assert.ok(task.rates[0] < 0.01 && task.rates[99] < 1e-4);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
});

test('other losses are noticed; a time is that of the first evaluation that is accurate enough', async () => {
  const { assertSame, reachedAt, summaryOf } = await library('measure.mjs');
  assertSame('peer', [2, 1, 0.5], [2.001, 1.005, 0.7]); // the third step is not judged
  assert.throws(() => assertSame('peer', [2, 1], [2.003, 1]), /peer does not do the same work: .* step 1/);
  assert.throws(() => assertSame('peer', [2, 1], [2, 1.02]), /step 2 are 1 and 1.02/);
  assert.throws(() => assertSame('peer', [2], [Number.NaN]), /step 1/);

  const evaluation = (step: number, accuracy: number) => ({
    step,
    accuracy,
    seconds: step,
    processorSeconds: 2 * step,
  });
  const evaluations = [evaluation(5, 0.5), evaluation(10, 0.9), evaluation(15, 0.8), evaluation(20, 0.97)];
  assert.is(reachedAt({ evaluations }, 0.9), evaluations[1]);
  assert.is(reachedAt({ evaluations }, 0.98), null);
  const run = (at: number, startSeconds: number) => ({
    ...{ evaluations, startSeconds, milliseconds: [100, 30, 10, 20], reached: evaluations[at] },
  });
  const { seconds, processorSeconds, steps, accuracy, stepMilliseconds, ...rest } = summaryOf({
    runs: [run(1, 3), run(3, 5), run(1, 4)],
  });
  assert.equal(seconds, { median: 10, min: 10, max: 20 });
  assert.is(processorSeconds.median, 20);
  assert.is(steps.max, 20);
  assert.is(accuracy.median, 0.97);
  assert.is(stepMilliseconds.median, 25);
  assert.is(rest.firstMilliseconds.median, 100);
  assert.is(rest.startSeconds.median, 4);
});

test.run();
