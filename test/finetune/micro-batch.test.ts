/** More than the CPU device can have at all: its memory is one of 4 GiB. */
import { open } from '#src/engine/open';
import { test } from 'uvu';
import { assertAccumulates } from './micro-batch-suite.js';

test('a batch of more than 4 GiB is accumulated from the largest parts that fit', async () => {
  const device = await open('cpu', { threads: 2 });
  await assertAccumulates(device, { batchSize: 64, imageSize: 224, micro: 32 });
  await device.close();
});

test.run();
