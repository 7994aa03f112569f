/** The two kernels that measure what a processor can do at most: that they do what they are timed for. */
import type { Backend } from '#src/device/backend';
import { ceilingKernels, copyKernel, measureCeilings, multiplyAddKernel, STEPS } from '#src/device/ceilings';
import { openCpu } from '#src/device/cpu/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copied, multipliedAndAdded } from './ceiling-checks.js';

for (const simd of ['relaxed', 'plain', 'off'] as const) {
  test(`on the CPU, SIMD ${simd}`, async () => {
    const backend = await openCpu({ simd, threads: 2 });
    await multipliedAndAdded(backend, simd === 'off' ? 2 : 8);
    await copied(backend);
    assert.is(backend.counters.liveBytes, 0);
    await backend.close();
  });
}

test('ceilings are numbers, and take no memory afterwards', async () => {
  const backend = await openCpu({ threads: 1 });
  const { gflops, gigabytesPerSecond } = await measureCeilings(backend, 0);
  // A core of this decade does several times as much, at the slowest.
  assert.ok(gflops > 1 && gflops < 10_000, `${gflops} GFLOP/s`);
  assert.ok(gigabytesPerSecond > 0.1 && gigabytesPerSecond < 10_000, `${gigabytesPerSecond} GB/s`);
  assert.is(backend.counters.liveBytes, 0);
  await backend.close();
});

test('a clock that stands still is no clock: the host measures', async () => {
  const backend = await openCpu({ threads: 1 });
  const still: Backend = new Proxy(backend, {
    get(target, name) {
      if (name === 'execute') {
        return (...[prepared, uploads, step, reads, onTimes]: Parameters<Backend['execute']>) =>
          target.execute(prepared, uploads, step, reads, (times) =>
            onTimes?.({
              ...times,
              launches: times.launches?.map((time) => ({ ...time, nanoseconds: 0 })) ?? null,
            }),
          );
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { gflops, gigabytesPerSecond } = await measureCeilings(still, 0);
  assert.ok(gflops > 0 && gflops < 10_000, `${gflops} GFLOP/s`);
  assert.ok(gigabytesPerSecond > 0 && gigabytesPerSecond < 10_000, `${gigabytesPerSecond} GB/s`);
  await backend.close();
});

test('every kernel is found by its name', () => {
  assert.equal(
    Object.entries(ceilingKernels).filter(([name, kernel]) => kernel.name !== name),
    [],
  );
  assert.equal([multiplyAddKernel.name, copyKernel.name].sort(), Object.keys(ceilingKernels).sort());
  assert.is(STEPS, 32);
});

test.run();
