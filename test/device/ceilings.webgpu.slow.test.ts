/** The ceilings of a GPU: its kernels do what they are timed for, with every number of chains. */
import { measureCeilings } from '#src/device/ceilings';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copied, multipliedAndAdded } from './ceiling-checks.js';
import { sharedWebGPU } from './shared-webgpu.js';

test('multiply-adds and copies give what they should', async () => {
  const gpu = await sharedWebGPU();
  for (const chains of [2, 4, 8]) await multipliedAndAdded(gpu, chains);
  await copied(gpu);
  const before = gpu.counters.liveBytes;
  const { gflops, gigabytesPerSecond } = await measureCeilings(gpu, 0);
  assert.ok(gflops > 1 && gigabytesPerSecond > 0.1, `${gflops} GFLOP/s, ${gigabytesPerSecond} GB/s`);
  assert.ok(
    gpu.counters.liveBytes <= before + 2 ** 16,
    'but for what times are read with, memory is given back',
  );
});

test.run();
