/** Every WGSL variant of the matrix product against float64, at sizes on both sides of every tile. */
import { NO_EPILOGUE } from '#src/ops/epilogue';
import { matmulKernel } from '#src/ops/matmul-kernel';
import { REGISTER_TILES, type ProductTile, WORKGROUP_TILES } from '#src/ops/product-variants';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick, randomEpilogue } from '../device/cpu-harness.js';
import { sharedWebGPU } from '../device/shared-webgpu.js';
import { around, checkMatmul, plainMatmul, runKernel, withVariant } from './kernel-cases.js';

const ROUNDS = 20;
const counts: Record<string, number> = {};

for (const [name, tile] of Object.entries<ProductTile>({ ...REGISTER_TILES, ...WORKGROUP_TILES })) {
  for (const loads of ['Vec4', 'Strided']) {
    const variant = `${name}${loads}`;
    test(`${variant}: ${ROUNDS} random products agree with float64`, async () => {
      const device = await sharedWebGPU();
      const kernel = withVariant(matmulKernel, variant);
      const strided = loads === 'Strided';
      const unit = strided ? 1 : 4;
      const random = generator(31);
      for (let round = 0; round < ROUNDS; round++) {
        const m = pick(random, [1, 2, ...around(tile.rows), ...around(2 * tile.rows)]);
        const n = pick(random, [unit, ...around(tile.columns, unit), ...around(2 * tile.columns, unit)]);
        const k = pick(
          random,
          [unit, ...around(4, unit), ...around(16, unit), ...around(48, unit)].filter((s) => s > 0),
        );
        await checkMatmul(
          device,
          random,
          {
            ...plainMatmul(m, n, k),
            batch: pick(random, [1, 1, 2, 3]),
            batchStrideA: pick(random, [0, m * k, m * k]),
            batchStrideB: pick(random, [0, k * n, k * n]),
            transposeA: strided && random() < 0.5,
            transposeB: strided && random() < 0.5,
            epilogue: randomEpilogue(random),
          },
          kernel,
        );
        counts[variant] = (counts[variant] ?? 0) + 1;
      }
    });
  }
}

test('every variant was hit', () => {
  const variants = Object.keys(matmulKernel.shader.variants);
  console.log(`matmul variants: ${variants.map((name) => `${name} ${counts[name]}`).join(', ')}`);
  assert.ok(variants.every((name) => (counts[name] ?? 0) >= ROUNDS));
});

test('a grid of more workgroups than one dimension has is folded', async () => {
  const device = await sharedWebGPU();
  const m = 65_536 * 16 + 5;
  const name = matmulKernel.shader.choose(plainMatmul(m, 4, 4), {
    software: true,
    minSubgroupLanes: 8,
  } as never);
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
  const attributes = { ...plainMatmul(3, 4, 0), epilogue: { ...NO_EPILOGUE, shift: true } };
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

test('NaN and infinity pass through the activations', async () => {
  const device = await sharedWebGPU();
  for (const activation of ['relu', 'relu6'] as const) {
    const attributes = { ...plainMatmul(1, 4, 4), epilogue: { ...NO_EPILOGUE, activation } };
    const a = Float32Array.of(1, 0, 0, 0);
    const b = new Float32Array(16);
    b.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]);
    const c = await runKernel(device, matmulKernel, attributes, [a, b, null, null, null], 4);
    assert.ok(Number.isNaN(c[0]), activation);
    assert.equal([...c.subarray(1)], [activation === 'relu' ? Number.POSITIVE_INFINITY : 6, 0, 0]);
  }
});

test.run();
