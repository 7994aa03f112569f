/** `--precision mixed` on a GPU: it learns what float32 learns, and is stopped and resumed like any run. */
import { join } from 'node:path';
import { probeAdapters } from '#src/device/webgpu/node';
import { finetune, type FinetuneOptions, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { halfTest } from '../ops/half-test.js';
import { assertSameRuns, fullRun, interrupted, readTensors, smallData } from './full-support.js';
import { fails } from './support.js';

const data = smallData();
const [{ adapter } = { adapter: '' }] = await probeAdapters();

function onGpu(precision: 'float32' | 'mixed') {
  const { threads: _, ...options } = fullRun(data, { device: 'webgpu', adapter, precision });
  return { ...options, tensorboard: false };
}

const options = onGpu('mixed');

halfTest('losses are those of float32 but for rounding, and weights are not the same', async () => {
  const [mixed, plain] = [await finetune(options), await finetune(onGpu('float32'))];
  mixed.epochs.forEach(({ train_loss, val_loss }, i) => {
    const expected = plain.epochs[i]!;
    assert.ok(Math.abs(train_loss! - expected.train_loss!) < 0.05 * expected.train_loss!, `epoch ${i + 1}`);
    assert.ok(Math.abs(val_loss! - expected.val_loss!) < 0.1 * expected.val_loss!, `epoch ${i + 1}`);
  });
  const weights = await readTensors(join(mixed.run, 'last.safetensors'));
  const others = await readTensors(join(plain.run, 'last.safetensors'));
  assert.not.equal(weights.get('conv1.weight'), others.get('conv1.weight'));
  const [scale, good, leftOut] = (await readTensors(join(mixed.run, 'state.safetensors'))).get('loss_scale')!;
  assert.equal([scale * 2 ** leftOut, good + leftOut <= 4], [65536, true], 'halved for each step left out');
  assert.ok(!(await readTensors(join(plain.run, 'state.safetensors'))).has('loss_scale'));
});

halfTest('features are those of the precision of the run, whichever was computed first', async () => {
  const head = async (precision: 'float32' | 'mixed') => {
    const { model, weights, workers, out } = fullRun(data);
    const run = {
      data,
      model,
      weights,
      workers,
      out,
      device: 'webgpu',
      adapter,
      precision,
      tensorboard: false,
    };
    return (await finetune({ ...run, strategy: 'probe' } as FinetuneOptions)).epochs.at(-1)?.train_loss;
  };
  const [mixed, plain] = [await head('mixed'), await head('float32')];
  assert.ok(Math.abs(mixed! - plain!) < 0.05 && mixed !== plain, `${mixed} and ${plain}`);
  assert.is(await head('mixed'), mixed);
});

halfTest(
  'stopped in an epoch and resumed, the loss scale included, it ends with the bytes of one that was not',
  async () => {
    const whole = await finetune(onGpu('mixed'));
    const stopped = await interrupted(3, onGpu('mixed'));
    const resumed = await resume({ resume: stopped.run });
    await assertSameRuns(resumed.run, whole.run);
  },
);

test('the CPU refuses it, in a new run and in one that goes on', async () => {
  const sentence = /mixed precision is for GPUs.*--precision mixed, --device cpu/;
  await fails(finetune(fullRun(data, { precision: 'mixed' })), 'device', sentence);
  const stopped = await interrupted(1, onGpu('mixed'));
  await fails(resume({ resume: stopped.run, device: 'cpu' }), 'device', sentence);
});

test.run();
