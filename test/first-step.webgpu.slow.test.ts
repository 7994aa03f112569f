/** bench/first-step.mjs with a small network: it judges what `attune tune` has made warm, and nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { storeTuning, tuningPath } from '#src/runs/tuning-cache';
import { kernels } from '#src/ops/kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from './device/shared-webgpu.js';

const root = new URL('../../', import.meta.url);
const cache = mkdtempSync(join(tmpdir(), 'attune-first-step-'));

async function firstStep() {
  const { adapter } = (await sharedWebGPU()).info;
  const words = ['--model', 'resnet-small', '--batch', '2', '--image', '32', '--adapter', adapter];
  const program = fileURLToPath(new URL('bench/first-step.mjs', root));
  return spawnSync(process.execPath, [program, ...words], {
    env: { ...process.env, ATTUNE_CACHE: cache },
    encoding: 'utf8',
  });
}

test('where nothing is tuned there is no first step to judge', async () => {
  const { status, stdout, stderr } = await firstStep();
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(stderr, /nothing is tuned for .*: run `npx attune tune --model resnet-small --batch-size 2/);
});

test('ten steps are measured, and the status says whether the first was short enough', async () => {
  const { info } = await sharedWebGPU();
  const [variant] = Object.keys(kernels.matmul.shader.variants);
  const entries = { 'matmul as measured': { variant, milliseconds: {} } };
  await storeTuning(info, entries, tuningPath(info, join(cache, 'tuning')));
  const { status, stdout, stderr } = await firstStep();
  assert.match(stdout, /classes of launches in the tuning cache: 1\./, stderr);
  assert.is(stdout.match(/^\| step \d+ \| \d+ \(\d+\) \| \d+ \(\d+\) \|$/gm)?.length, 10);
  // A step of this network takes some milliseconds, and what other work does to it is more than twice.
  assert.is(status, stdout.includes('| met |') ? 0 : 1, stderr);
});

test('the first step may take twice as long as the tenth, and no longer', async () => {
  const { firstStepRatios } = await import(new URL('bench/lib/first-step-report.mjs', root).href);
  const steps = (...times: number[]) =>
    times.map((milliseconds) => ({ milliseconds, processorMilliseconds: 2 * milliseconds + 1 }));
  const { time, processorTime, met } = firstStepRatios(steps(20, 8, 400, 5, 10));
  assert.equal(time, { toLast: 2, toMedian: 20 / 9 });
  assert.is(processorTime.toLast, 41 / 21);
  assert.ok(met);
  assert.not(firstStepRatios(steps(20.1, 30, 10)).met);
});

test.after(() => rmSync(cache, { recursive: true, force: true }));
test.run();
