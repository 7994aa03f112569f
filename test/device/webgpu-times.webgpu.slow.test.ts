/** Timestamps of more launches than one query set holds. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from './shared-webgpu.js';
import { alpha, axpy, floats, release } from './test-kernels.js';

test('every one of thousands of launches has its time, in order', async () => {
  const gpu = await sharedWebGPU();
  if (!gpu.info.features.includes('timestamp-query')) return;
  const launches = 2100;
  const [x, total, out] = [floats(gpu, 4, [1, 2, 3, 4]), floats(gpu, 4), floats(gpu, 4)];
  const prepared = await gpu.prepare(Array.from({ length: launches }, () => axpy(x, out, { total })));
  const before = gpu.counters.liveBytes;
  const times = await gpu.profile(prepared, alpha(1));
  assert.is(times.length, launches);
  for (const [i, { begin, nanoseconds }] of times.entries()) {
    assert.ok(nanoseconds >= 0 && nanoseconds < 10e9, `launch ${i}: ${nanoseconds} ns`);
    const previous = times[i - 1];
    assert.ok(previous === undefined || begin >= previous.begin + previous.nanoseconds, `launch ${i}`);
  }
  assert.is(gpu.counters.liveBytes, before, 'queries take no memory afterwards');
  const [sums] = await gpu.execute(await gpu.prepare([]), [], [], [total]);
  assert.equal(
    sums,
    Float32Array.of(1, 2, 3, 4).map((value) => value * launches),
  );
  gpu.discard(prepared);
  release(gpu, x, total, out);
});

test.run();
