/** WGSL variants of the matrix product: the quick share, and what all variants have in common. */
import { NO_EPILOGUE } from '#src/ops/core/epilogue';
import { matmulKernel } from '#src/ops/product/matmul-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import { plainMatmul, runKernel, withVariant } from '../kernel-cases.js';
import { matmulTests } from './matmul-kernel-suite.js';
import { variantsIn } from '../variant-share.js';

await matmulTests('quick');

test('a grid of more workgroups than one dimension has is folded', async () => {
  const device = await sharedWebGPU();
  const m = 65_536 * 16 + 5;
  const name = matmulKernel.shader.choose(plainMatmul(m, 4, 4), device.traits);
  const variant = matmulKernel.shader.variants[name]!;
  assert.ok(variant.grid(plainMatmul(m, 4, 4))[1] > 1, 'the grid has two dimensions');
  const a = Float32Array.from({ length: m * 4 }, (_, i) => (i % 4 === 1 ? (i >> 2) % 4093 : 0));
  const b = Float32Array.from({ length: 16 }, (_, i) => i);
  const c = await runKernel(
    device,
    withVariant(matmulKernel, name),
    plainMatmul(m, 4, 4),
    [a, b, null, null, null],
    m * 4,
  );
  // Row i of A picks row 1 of B, (4, 5, 6, 7), times i % 4093.
  const wrong = c.findIndex((value, i) => value !== ((i >> 2) % 4093) * (4 + (i % 4)));
  assert.is(wrong, -1);
});

test('without steps only the epilogue is left', async () => {
  const device = await sharedWebGPU();
  const attributes = plainMatmul(3, 4, 0, { epilogue: { ...NO_EPILOGUE, shift: true } });
  const shift = Float32Array.of(1, -2, 3, 4);
  const c = await runKernel(
    device,
    matmulKernel,
    attributes,
    [new Float32Array(0), new Float32Array(0), null, shift, null],
    12,
  );
  assert.equal([...c], [1, -2, 3, 4, 1, -2, 3, 4, 1, -2, 3, 4]);
});

test('NaN and infinity pass through every variant and the activations', async () => {
  const device = await sharedWebGPU();
  const rows = 40;
  const a = Float32Array.from({ length: rows * 4 }, (_, i) => (i % 4 === 0 ? 1 : 0));
  const b = new Float32Array(16);
  b.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]);
  for (const variant of await variantsIn('quick', matmulKernel)) {
    for (const activation of ['relu', 'relu6'] as const) {
      const attributes = plainMatmul(rows, 4, 4, { epilogue: { ...NO_EPILOGUE, activation } });
      const kernel = withVariant(matmulKernel, variant);
      const c = await runKernel(device, kernel, attributes, [a, b, null, null, null], rows * 4);
      const largest = activation === 'relu' ? Number.POSITIVE_INFINITY : 6;
      for (let row = 0; row < rows; row++) {
        const found = [...c.subarray(4 * row, 4 * row + 4)];
        assert.equal(
          found.map(String),
          ['NaN', String(largest), '0', '0'],
          `${variant} ${activation} row ${row}`,
        );
      }
    }
  }
});

test.run();
