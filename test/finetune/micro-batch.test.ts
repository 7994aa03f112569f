/** More than the CPU device can have at all: its memory is one of 4 GiB. */
import { open } from '#src/engine/open';
import { classification } from '#src/finetune/tasks/classification';
import { largestMicroBatch } from '#src/finetune/training/batch-ranges';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertAccumulates, choose } from './micro-batch-suite.js';

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
  assert.match(few.notes[0]!, /^Batch norm keeps its statistics, as 12 images are too few/);
  await device.close();
});

test.run();
