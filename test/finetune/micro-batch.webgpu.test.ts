/** More than a GPU can bind, or has memory for. */
import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { assertAccumulates } from './micro-batch-suite.js';

test('a batch whose activations exceed a binding is accumulated from the largest parts that fit', async () => {
  const device = await webgpuDevice();
  await assertAccumulates(device, { batchSize: 128, imageSize: 224, micro: 32 });
});

test.run();
