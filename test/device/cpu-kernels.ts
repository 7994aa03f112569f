/** A kernel table for the tests of the CPU device, which the worker loads in place of the engine's own. */
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import type { CpuLoop, Kernel, Shader, SimdEntry } from '#src/device/kernel';
import type { MatmulAttributes } from '#src/ops/product/matmul-attributes';
import { matmulSimd, matmulUnits } from '#src/ops/product/matmul-simd';

const SHADER: Shader = { variants: {}, choose: () => '', words: () => [] };

function kernel(name: string, cpu: CpuLoop, simd?: SimdEntry): Kernel {
  return { name, bindings: [], shader: SHADER, cpu, ...(simd === undefined ? {} : { simd }) };
}

/** y = x * step[0] + add; operands x, y. */
const scaleAdd = kernel('scaleAdd', {
  units: ({ length }) => length,
  run({ attributes, operands: [x, y], step, begin, end }) {
    for (let i = begin; i < end; i++) y[i] = x[i] * step[0]! + attributes.add;
  },
});

/** Adds 1 to y, slowly: so that work is still queued when the main thread goes on. */
const slowIncrement = kernel('slowIncrement', {
  units: () => 1,
  run({ attributes, operands: [y] }) {
    const end = performance.now() + attributes.milliseconds;
    while (performance.now() < end);
    for (let i = 0; i < y.length; i++) y[i] += 1;
  },
});

/** Writes 1 into y on the main thread, 0 on a worker; takes so many milliseconds there, or fails there. */
const onMainThread = kernel('onMainThread', {
  units: () => 1,
  run({ attributes: { milliseconds = 0, millisecondsHere = 0, failsHere = false }, operands: [y] }) {
    const end = performance.now() + (isMainThread ? millisecondsHere : milliseconds);
    while (performance.now() < end);
    if (isMainThread && failsHere) throw new Error('the main thread met a wall');
    y[0] = Number(isMainThread);
  },
});

const throwing = kernel('throwing', {
  units: () => 1,
  run() {
    throw new Error('the loop met a wall');
  },
});

/** Ends the worker thread from within. */
const dying = kernel('dying', {
  units: () => 1,
  run() {
    process.exit(3);
  },
});

/** Makes objects that live for a while, and writes how large that part of the thread's heap is in which they lie, in MiB. */
const littering = kernel('littering', {
  units: () => 1,
  run({ operands: [y] }) {
    let kept: object[] = [];
    for (let i = 0; i < 2_000_000; i++) {
      if (kept.push({ i }) === 50_000) kept = [];
    }
    const spaces = getHeapSpaceStatistics();
    y[0] = spaces.find(({ space_name }) => space_name === 'new_space')!.space_size / 2 ** 20;
  },
});

/** A product without epilogue: simple loops beside the SIMD entry. */
const matmul = kernel(
  'matmul',
  {
    units: matmulUnits,
    run({ attributes, operands: [a, b, , , , y] }) {
      const { m, n, k } = attributes as MatmulAttributes;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let d = 0; d < k; d++) sum += a[i * k + d] * b[d * n + j];
          y[i * n + j] = sum;
        }
      }
    },
  },
  matmulSimd,
);

export const kernels = { scaleAdd, slowIncrement, onMainThread, throwing, dying, littering, matmul };
