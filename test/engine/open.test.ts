/** open(): which device it gives, and what it refuses before anything is loaded. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { add } from '#src/ops/pointwise/add';
import { matmul } from '#src/ops/product/matmul';
import { tensor } from '#src/tensor/tensor';
import { assertThrows } from '../ops/support.js';

const layer = () =>
  add(matmul(tensor([1, 2, 3, 4], [2, 2]), tensor([1, 0, 0, 1], [2, 2])), tensor([1, 1], [2]));

test('the CPU in either precision', async () => {
  for (const precision of ['float32', 'float64'] as const) {
    const device = await open('cpu', { precision });
    assert.equal([device.info.kind, device.precision], ['cpu', precision]);
    const values = await device.run(layer);
    assert.is(values.constructor, precision === 'float64' ? Float64Array : Float32Array);
    assert.equal([...values], [2, 3, 4, 5]);
    assert.is(device.lastProgram.launches, 1, 'fused');
    await device.close();
  }
});

test('fuse: false runs every launch by itself', async () => {
  const device = await open('cpu', { fuse: false });
  assert.equal([...(await device.run(layer))], [2, 3, 4, 5]);
  assert.is(device.lastProgram.launches, 2);
  await device.close();
});

test('simd: off computes in plain loops', async () => {
  const device = await open('cpu', { simd: 'off' });
  assert.equal(device.info.features, []);
  assert.equal([...(await device.run(layer))], [2, 3, 4, 5]);
  await device.close();
});

test('a kind of device that there is not is refused, and no threads at all', async () => {
  await assertThrows(
    () => open('gpu' as 'webgpu'),
    'device',
    /no kind of device "gpu" \(open\): write open\('auto'\)/,
  );
  const half = { precision: 'float16' } as object;
  await assertThrows(() => open('cpu', half), 'device', /no precision "float16" \(open\): write float32, /);
  for (const [options, words] of [
    [
      { simd: 'constructor' },
      /^there is no build of SIMD "constructor" \(open\): write auto, relaxed, plain, off$/,
    ],
    [{ memory: 'least' }, /^there is no memory "least" \(open\): write normal, low$/],
  ] as const)
    await assertThrows(() => open('cpu', options as never), 'device', words);
  const misspelt = { thread: 2 } as object;
  await assertThrows(
    () => open('cpu', misspelt),
    'usage',
    /no option thread \(open\): did you mean threads\?/,
  );
  await assertThrows(() => open('cpu', { threads: 0 }), 'usage', /whole number from 1 to 32, not 0/);
});

test('float64 on a GPU is refused', async () => {
  await assertThrows(
    () => open('webgpu', { precision: 'float64' }),
    'device',
    /float64 is not available on a GPU \(--device webgpu\)/,
  );
  await assertThrows(() => open('auto', { precision: 'float64' }), 'device', /float64 is not available/);
});

test.run();
