/** The products that an operation becomes: how many launches, of what sizes, and that heads and batches change no sum. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '#src/ops/backward';
import { multiply } from '#src/ops/pointwise/multiply';
import type { MatmulAttributes } from '#src/ops/product/matmul-attributes';
import { matmul } from '#src/ops/product/matmul';
import { sum } from '#src/ops/reduce/sum';
import { transpose } from '#src/ops/shape/transpose';
import { record } from '#src/program/recording';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { assertSameBytes, cpuDevice, formulaValues } from '../support.js';

function values(shape: readonly number[], seed: number): Tensor {
  return tensor(Float32Array.from(formulaValues(shape, seed)), shape);
}

/** The kernel of every launch; of products with batch, m, n and k. */
function launchesOf(body: () => unknown): string[] {
  return record(body).recording.launches.map(({ kernel, attributes }) => {
    const { batch, m, n, k } = attributes as MatmulAttributes;
    return kernel.name === 'matmul' ? `matmul ${[batch, m, n, k].join(' x ')}` : kernel.name;
  });
}

test('rows of a batch times one factor are one product, and so is its gradient', () => {
  const forward = () => matmul(values([4, 5, 6], 1), values([6, 7], 2));
  assert.equal(launchesOf(forward), ['matmul 1 x 20 x 7 x 6']);
  const withGradients = launchesOf(() => {
    const [x, w] = [values([4, 5, 6], 1), values([1, 1, 7, 6], 2)];
    return gradients(sum(matmul(x, w, { transposeB: true })), [x, w]);
  });
  assert.equal(
    withGradients.filter((launch) => launch.startsWith('matmul')),
    ['matmul 1 x 20 x 7 x 6', 'matmul 1 x 20 x 6 x 7', 'matmul 1 x 7 x 6 x 20'],
  );
});

test('a batch that broadcasts is one launch up to two changes of the factor, and copies behind that', () => {
  const product = (a: number[], b: number[]) => launchesOf(() => matmul(values(a, 1), values(b, 2)));
  assert.equal(product([1, 3, 4, 5], [2, 1, 5, 6]), ['matmul 6 x 4 x 6 x 5']);
  assert.equal(product([4, 5], [2, 3, 5, 6]), ['matmul 6 x 4 x 6 x 5']);
  assert.equal(product([2, 1, 2, 4, 5], [3, 1, 5, 6]), [
    'stridedCopy',
    'stridedCopy',
    'matmul 12 x 4 x 6 x 5',
  ]);
});

test('the rows of a batch times one factor have the bytes of the two-dimensional product', async () => {
  const device = await cpuDevice('float32');
  const [batch, flat] = await device.run(() => {
    const w = values([30, 17], 3);
    return [matmul(values([3, 50, 30], 4), w), matmul(values([150, 30], 4), w)];
  });
  assertSameBytes(batch, flat, 'product');
});

test('attention reads and writes heads where they lie: two launches and four for gradients, the bytes of copies', async () => {
  const [q, k, v] = [
    [2, 9, 3, 8],
    [2, 11, 3, 8],
    [2, 11, 3, 8],
  ] as const;
  const inputs = () => [values(q, 5), values(k, 6), values(v, 7)] as const;
  const split = (x: Tensor) => transpose(x, [0, 2, 1, 3]);
  const strided = () => {
    const [x, y, z] = inputs();
    const scores = matmul(x, y, { headsA: true, headsB: true, transposeB: true });
    const out = matmul(scores, z, { headsB: true, headsOut: true });
    return [scores, out, ...gradients(sum(multiply(out, values(q, 8))), [x, y, z])];
  };
  const copied = () => {
    const [x, y, z] = inputs();
    const scores = matmul(split(x), split(y), { transposeB: true });
    const out = split(matmul(scores, split(z)));
    return [scores, out, ...gradients(sum(multiply(out, values(q, 8))), [x, y, z])];
  };
  const [scores, out, ...gradientLaunches] = launchesOf(strided);
  assert.equal([scores, out], ['matmul 6 x 9 x 11 x 8', 'matmul 6 x 9 x 8 x 11']);
  assert.equal(
    gradientLaunches.filter((launch) => launch.startsWith('matmul')),
    ['9 x 11 x 8', '11 x 8 x 9', '9 x 8 x 11', '11 x 8 x 9'].map((sizes) => `matmul 6 x ${sizes}`),
  );
  const copies = gradientLaunches.filter((launch) => launch === 'stridedCopy');
  assert.is(copies.length, 1, 'the gradient of the sum is repeated, nothing else is copied');
  const device = await cpuDevice('float32');
  const found = await device.run(strided);
  const expected = await device.run(copied);
  found.forEach((result, i) => {
    assertSameBytes(result, expected[i]!, `result ${i}`);
  });
});

test.run();
