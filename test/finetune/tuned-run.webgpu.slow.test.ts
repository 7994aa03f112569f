/** `attune tune`, and a run with what it found: kept by the run, whatever is measured later. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { probeAdapters } from '#src/device/webgpu/node';
import { openDevice } from '#src/runs/device';
import { finetune, resume } from '#src/finetune/index';
import { openRunState } from '#src/runs/run-state';
import { readTuning, storeTuning } from '#src/runs/tuning-cache';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameTensors, fullRun, interrupted, readTensors, smallData } from './full-support.js';
import { newPath } from './support.js';
import { tuned } from './tuned-support.js';

process.env.ATTUNE_CACHE = newPath();

test('a run keeps the variants that it began with, also when it goes on after other measurements', async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const found = await tuned({ batchSize: 8, seconds: 20, adapter });
  const measured = found.classes.filter(({ best }) => best !== null);
  assert.ok(measured.length > 0, 'something was measured');
  for (const { times, best, standard } of measured) {
    assert.ok(times.some(({ variant, milliseconds }) => variant === best && milliseconds !== null));
    assert.ok(
      times.every(({ fault }) => fault === undefined),
      JSON.stringify(times),
    );
    assert.is.not(standard, null);
  }
  const device = await openDevice({ device: 'webgpu', adapter });
  const { info, choices } = device;
  await device.close();
  assert.equal(
    choices,
    Object.fromEntries(measured.map(({ kernel, shape, best }) => [`${kernel} ${shape}`, best])),
  );

  const run = fullRun(smallData(), { device: 'webgpu', adapter });
  const whole = await finetune({ ...run, out: newPath() });
  const stopped = await interrupted(3, { ...run, out: newPath() });
  const { entries } = await readTuning(info);
  rmSync(join(process.env.ATTUNE_CACHE!, 'tuning'), { recursive: true });
  const others = Object.entries(entries).map(([key, entry]) => [
    key,
    { ...entry, variant: otherThan(key, entry.variant) },
  ]);
  await storeTuning(info, Object.fromEntries(others));
  const varied = await finetune({ ...run, out: newPath() });
  const resumed = await resume({ resume: stopped.run });
  for (const folder of [whole.run, resumed.run]) {
    const { state, file } = await openRunState(folder);
    await file.close();
    assert.equal(state.frozen.variants, choices);
  }
  await assertSameTensors(join(resumed.run, 'state.safetensors'), join(whole.run, 'state.safetensors'));
  const weights = async (folder: string) =>
    (await readTensors(join(folder, 'last.safetensors'))).get('conv1.weight');
  assert.not.equal(await weights(varied.run), await weights(whole.run), 'other variants would show');
});

/** One with other rounding: tiles add in the same order, Winograd's products and parts do not. */
function otherThan(key: string, variant: string): string {
  const isConvolution = /^conv2d(InputGradient)? 3x3/.test(key);
  if (isConvolution) return variant.startsWith('winograd') ? 'register8Vec4' : 'winogradRegister8';
  return variant.startsWith('register8') ? variant.replace('register8', 'register4') : variant;
}

test.run();
