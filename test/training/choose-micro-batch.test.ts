/** More than the CPU device can have at all: its memory is one of 4 GiB. */
import { open } from '#src/engine/open';
import { AttuneError } from '#src/errors';
import { classification } from '#src/tasks/classification';
import { largestMicroBatch } from '#src/training/step/batch-ranges';
import { record } from '#src/program/recording';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertAccumulates, choose } from './choose-micro-batch-suite.js';
import { fails } from '../finetune/support.js';

test('a batch of more than 4 GiB is accumulated from the largest parts that fit', async () => {
  const device = await open('cpu', { threads: 2 });
  await assertAccumulates(device, { batchSize: 64, imageSize: 224, micro: 32 });
  await device.close();
});

test('what is planned is the largest micro-batch that occurs: a last image may join one, and there may be few', async () => {
  assert.is(largestMicroBatch(64, 32, 16, true), 16);
  assert.is(largestMicroBatch(65, 32, 16, true), 17, 'the last batch has 33, the last part of it 17');
  assert.is(largestMicroBatch(65, 32, 16, false), 16);
  assert.is(largestMicroBatch(99, 33, 32, true), 33);
  assert.is(largestMicroBatch(20, 4096, 4096, true), 20);
  const device = await open('cpu', { threads: 1 });
  const planned = async (images: number, batchSize: number) => {
    const sizes: number[] = [];
    const known = classification(['a', 'b']);
    const blankTargets = (size: number) => {
      sizes.push(size);
      return known.blankTargets(size);
    };
    const task = { ...known, blankTargets };
    const { micro_batch } = await choose(device, batchSize, 32, undefined, { images, task });
    return [micro_batch, ...sizes];
  };
  assert.equal(await planned(33, 16), [16, 17]);
  assert.equal(await planned(20, 64), [64, 20]);
  const few = await choose(device, 64, 32, undefined, { images: 12, task: classification(['a', 'b']) });
  assert.is(few.batch_norm, 'frozen');
  assert.match(few.notes[0]!, /^Batch norm keeps its statistics, as 12 samples are too few/);
  await device.close();
});

test('the validation is planned, too, with as many images as it will take at once', async () => {
  const device = await open('cpu', { threads: 1 });
  const planned = async (evaluated: number, batchSize: number) => {
    const images: number[] = [];
    const { prepare } = device;
    device.prepare = (body) => {
      const { recording } = record(body);
      const [pixels] = recording.inputs.filter(({ dtype }) => dtype === 'uint8');
      images.push(pixels!.length / (32 * 32 * 3));
      return prepare.call(device, body);
    };
    const task = classification(['a', 'b']);
    await choose(device, batchSize, 32, undefined, { images: 64, evaluated, task });
    device.prepare = prepare;
    return images;
  };
  assert.equal(await planned(100, 16), [16, 8], 'the processor evaluates eight at once');
  assert.equal(await planned(100, 4), [4, 4], 'no more than are trained at once');
  assert.equal(await planned(5, 16), [16, 5]);
  assert.equal(await planned(0, 16), [16]);
  await device.close();
});

test('where the validation fits only with fewer images, fewer are trained at once, and no epoch is lost', async () => {
  const device = await open('cpu', { threads: 1 });
  const { prepare } = device;
  device.prepare = (body) => {
    const { recording } = record(body);
    const isTraining = recording.launches.some(({ kernel }) => /gradient/i.test(kernel.name));
    const [pixels] = recording.inputs.filter(({ dtype }) => dtype === 'uint8');
    if (!isTraining && pixels!.length > 2 * 32 * 32 * 3)
      return Promise.reject(new AttuneError({ code: 'device', what: 'there is no more memory' }));
    return prepare.call(device, body);
  };
  const task = classification(['a', 'b']);
  const { micro_batch } = await choose(device, 16, 32, undefined, { images: 64, evaluated: 20, task });
  assert.is(micro_batch, 2);
  await fails(choose(device, 16, 32, 8, { images: 64, evaluated: 20, task }), 'device', /no more memory/);
  await device.close();
});

test('where not even one image fits, the lowest layers from which on one does are named', async () => {
  const device = await open('cpu', { threads: 1 });
  const { prepare } = device;
  let most = 0;
  device.prepare = (body) => {
    const { recording } = record(body);
    const trained = recording.launches.filter(({ kernel }) => kernel.name === 'conv2dWeightGradient').length;
    if (trained > most) return Promise.reject(new AttuneError({ code: 'device', what: 'no more memory' }));
    return prepare.call(device, body);
  };
  const hint = async (fits: number) => {
    most = fits;
    return choose(device, 4, 32).then(
      () => assert.unreachable('it fits'),
      (error: AttuneError) => error.hint,
    );
  };
  // The last block has two convolutions, and the one before it, which changes the width, three.
  assert.is(await hint(2), 'train fewer layers: --train-from layer3.2 fits, or add --memory low');
  assert.is(await hint(5), 'train fewer layers: --train-from layer3.1 fits, or add --memory low');
  assert.is(await hint(0), 'train fewer layers: --train-from fc fits, or add --memory low');
  await device.close();
});

test.run();
