/**
 * `attune tune --precision mixed`, and runs with what it found: those in mixed precision take it, those in float32 keep
 * their own.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Choices } from '#src/device/backend';
import { isHalfKey } from '#src/device/tuner';
import { probeAdapters } from '#src/device/webgpu/node';
import { openDevice } from '#src/runs/device';
import { finetune, resume } from '#src/finetune/index';
import { openRunState } from '#src/runs/run-state';
import { storeTuning } from '#src/runs/tuning-cache';
import { findModel } from '#src/models/index';
import { backward, crossEntropy, normalizeImages } from '#src/ops/index';
import { kernels } from '#src/ops/kernels';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { halfTest } from '../ops/half-test.js';
import { assertSameTensors, fullRun, interrupted, smallData } from './full-support.js';
import { listener, newPath } from './support.js';
import { tuned } from './tuned-support.js';

process.env.ATTUNE_CACHE = newPath();

const BATCH = 8;
const [{ adapter } = { adapter: '' }] = await probeAdapters();
const data = smallData();
type Precision = 'float32' | 'mixed';

function runOptions(precision: Precision) {
  const { threads: _, ...options } = fullRun(data, { device: 'webgpu', adapter, precision });
  return { ...options, batchSize: BATCH, tensorboard: false };
}

/** The variants that the convolutions of a training step ran, by their classes, and the loss. */
async function trainedStep(precision: Precision): Promise<{ ran: Choices; loss: number }> {
  const device = await openDevice({ device: 'webgpu', adapter, precision });
  const model = findModel('resnet-small').create({ classes: 2, seed: 5 });
  await model.to(device);
  const ran: Record<string, string> = {};
  device.observe(({ launches }) => {
    for (const { kernel, variant, attributes } of launches ?? []) {
      const { tuning } = kernels[kernel as keyof typeof kernels]?.shader ?? {};
      if (!kernel.startsWith('conv2d') || tuning === undefined) continue;
      const word = precision === 'mixed' ? ' float16' : '';
      ran[`${kernel} ${tuning.shapeClass(attributes)}${word}`] = variant;
    }
  });
  const images = Uint8Array.from({ length: BATCH * 32 * 32 * 3 }, (_, i) => (i * i) % 251);
  const loss = await device.run(() => {
    const bytes = tensor(images, [BATCH, 32, 32, 3], 'uint8');
    const x = normalizeImages(bytes, [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]);
    const logits = model.forward(x, { random: generator(1) });
    const result = crossEntropy(logits, tensor(new Int32Array(BATCH), [BATCH]));
    backward(result);
    return result;
  });
  await device.close();
  return { ran, loss };
}

function otherThan(variant: string): string {
  const loads = variant.endsWith('Scalar') ? 'Scalar' : 'Vec4';
  return `${variant.startsWith('register4') ? 'register8' : 'register4'}${loads}`;
}

halfTest(
  'a mixed run takes what was measured with float16, and a float32 run its own, with the results of untuned ones',
  async () => {
    const untuned = { mixed: await trainedStep('mixed'), float32: await trainedStep('float32') };
    const untunedRun = await finetune({ ...runOptions('mixed'), out: newPath() });

    const found = await tuned({ batchSize: BATCH, seconds: 15, precision: 'mixed', adapter });
    assert.is(found.precision, 'mixed');
    assert.ok(
      found.classes.every(
        ({ kernel, shape }) => isHalfKey(`${kernel} ${shape}`) === kernel.startsWith('conv2d'),
      ),
      'all convolutions are measured with float16',
    );
    const faults = found.classes.flatMap(({ times }) => times.filter(({ fault }) => fault !== undefined));
    assert.equal(faults, []);
    const measured = found.classes.flatMap(({ kernel, shape, best }): [string, string][] =>
      best === null ? [] : [[`${kernel} ${shape}`, best]],
    );
    const halves = measured.filter(([key]) => isHalfKey(key));
    assert.ok(halves.length > 0, 'something was measured');

    // For float32 something else is the fastest; it has to be something else than what the rule says, too.
    const others = halves.map(([key, variant]): [string, string] => [
      key.replace(' float16', ''),
      otherThan(variant),
    ]);
    const byRule = untuned.float32.ran;
    const singles = others.some(([key, variant]) => byRule[key] !== undefined && variant !== byRule[key])
      ? others
      : others.map(([key, variant]): [string, string] => [key, otherThan(byRule[key] ?? variant)]);
    const device = await openDevice({ device: 'webgpu', adapter });
    const { info } = device;
    await device.close();
    await storeTuning(
      info,
      Object.fromEntries(singles.map(([key, variant]) => [key, { variant, milliseconds: {} }])),
    );

    for (const [precision, choices, tolerance] of [
      ['mixed', halves, 1e-2],
      ['float32', singles, 1e-3],
    ] as const) {
      const { ran, loss } = await trainedStep(precision);
      const plain = untuned[precision];
      for (const [key, variant] of choices) assert.is(ran[key] ?? variant, variant, `${precision}: ${key}`);
      const changed = choices.filter(([key]) => ran[key] !== plain.ran[key]);
      assert.ok(precision === 'mixed' || changed.length > 0, 'choices that are no one by rule');
      console.log(
        `# ${precision}: ${changed.length} of ${choices.length} classes by another variant, losses ${loss} and ${plain.loss}`,
      );
      assert.ok(Math.abs(loss / plain.loss - 1) < tolerance, `${loss}, not ${plain.loss}`);
    }

    const whole = await finetune({ ...runOptions('mixed'), out: newPath() });
    whole.epochs.forEach(({ train_loss }, i) => {
      const expected = untunedRun.epochs[i]!.train_loss!;
      assert.ok(
        Math.abs(train_loss! / expected - 1) < 2e-2,
        `epoch ${i + 1}: ${train_loss}, not ${expected}`,
      );
    });
    const stopped = await interrupted(3, { ...runOptions('mixed'), out: newPath() });
    rmSync(join(process.env.ATTUNE_CACHE!, 'tuning'), { recursive: true });
    const resumed = await resume({ resume: stopped.run });
    for (const folder of [whole.run, resumed.run]) {
      const { state, file } = await openRunState(folder);
      await file.close();
      assert.equal(state.frozen.variants, Object.fromEntries([...measured, ...singles].sort()));
    }
    await assertSameTensors(join(resumed.run, 'state.safetensors'), join(whole.run, 'state.safetensors'));
  },
);

halfTest('a mixed run says so when only float32 was measured', async () => {
  const device = await openDevice({ device: 'webgpu', adapter });
  const { info } = device;
  await device.close();
  const entry = { variant: 'register4Vec4', milliseconds: {} };
  await storeTuning(info, { 'conv2d 3x3/1x1 8>8 at 64': entry });
  const notes = async (precision: Precision) => {
    const { events, ...context } = listener();
    await (await openDevice({ device: 'webgpu', adapter, precision }, context)).close();
    return events.map((event) => (event.type === 'note' ? event.text : '')).join();
  };
  assert.match(
    await notes('mixed'),
    /is for float32 only\. .*attune(?:\.mjs)?'? tune --precision mixed measures/,
  );
  assert.is(await notes('float32'), '');
  await storeTuning(info, { 'conv2d 3x3/1x1 8>8 at 64 float16': entry });
  assert.is(await notes('mixed'), '');
});

test.run();
