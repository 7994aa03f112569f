/** WGSL variants of the matrix product against float64, at sizes on both sides of every tile. */
import { matmulKernel } from '#src/ops/product/matmul-kernel';
import { matmulShape } from '#src/ops/product/matmul-split-variants';
import { splitsOf } from '#src/ops/product/product-splits';
import {
  type ProductTile,
  REGISTER_TILES,
  WIDE_TILES,
  WORKGROUP_TILES,
} from '#src/ops/product/product-variants';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick, randomEpilogue, randomValues } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import { around, checkMatmul, plainMatmul, runKernel, withHeads, withVariant } from '../kernel-cases.js';
import { type Share, variantsIn } from '../variant-share.js';

const ROUNDS = 20;
const counts: Record<string, number> = {};

/** Adds the tests of the share's variants. */
export async function matmulTests(share: Share): Promise<void> {
  const tiles = Object.entries<ProductTile>({ ...REGISTER_TILES, ...WORKGROUP_TILES, ...WIDE_TILES });
  const variants = await variantsIn(share, matmulKernel);
  for (const [name, tile] of tiles) {
    for (const loads of ['Vec4', 'Strided']) {
      const variant = `${name}${loads}`;
      if (!variants.includes(variant)) continue;
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
          const attributes = plainMatmul(m, n, k, {
            batch: pick(random, [1, 1, 2, 3]),
            batchStrideA: pick(random, [0, m * k, m * k]),
            batchStrideB: pick(random, [0, k * n, k * n]),
            transposeA: strided && random() < 0.5,
            transposeB: strided && random() < 0.5,
            epilogue: randomEpilogue(random),
          });
          await checkMatmul(
            device,
            random,
            random() < 0.3 ? withHeads(random, attributes) : attributes,
            kernel,
          );
          counts[variant] = (counts[variant] ?? 0) + 1;
        }
      });
    }
  }

  for (const variant of variants.filter((name) => name.startsWith('split'))) {
    test(`${variant}: ${ROUNDS} random products of several splits agree with float64`, async () => {
      const device = await sharedWebGPU();
      const kernel = withVariant(matmulKernel, variant);
      const strided = variant.endsWith('Strided');
      const unit = strided ? 1 : 4;
      const random = generator(37);
      const splits = new Set<number>();
      for (let round = 0; round < ROUNDS; round++) {
        const [m, n] = [
          pick(random, [1, 2, 15, 17, 33]),
          pick(random, [unit, ...around(32, unit), 64 + unit]),
        ];
        // From the least length that is cut, on both sides of a split's and a tile's edge.
        const k = pick(random, [512, 512 + unit, 528, 1024 - unit, 1024, 1040 + unit, 2000]);
        const plain = plainMatmul(m, n, k, {
          batch: pick(random, [1, 1, 2]),
          batchStrideA: pick(random, [0, m * k]),
          batchStrideB: pick(random, [0, k * n]),
          transposeA: strided && random() < 0.5,
          transposeB: strided && random() < 0.5,
          epilogue: randomEpilogue(random),
        });
        const attributes = random() < 0.3 ? withHeads(random, plain) : plain;
        splits.add(splitsOf(matmulShape(attributes)).splits);
        await checkMatmul(device, random, attributes, kernel);
        counts[variant] = (counts[variant] ?? 0) + 1;
      }
      assert.ok(!splits.has(1) && splits.size > 2, `splits: ${[...splits]}`);
    });

    test(`${variant}: to the bit the products of the splits, added in order`, async () => {
      const device = await sharedWebGPU();
      const random = generator(39);
      const [m, n, k] = [17, 36, 1040];
      const { splits, steps } = splitsOf(matmulShape(plainMatmul(m, n, k)));
      assert.ok(splits > 2 && k % steps !== 0, 'the last split is shorter');
      const [a, b] = [randomValues(random, m * k), randomValues(random, k * n)];
      const whole = withVariant(matmulKernel, variant);
      const found = await runKernel(device, whole, plainMatmul(m, n, k), [a, b, null, null, null], m * n);
      const tile = variant.replace(/^split./, (name) => name.slice(-1).toLowerCase());
      const products: Float32Array[] = [];
      for (let first = 0; first < k; first += steps) {
        const length = Math.min(steps, k - first);
        const rows = Float32Array.from({ length: m * length }, (_, i) => {
          return a[Math.floor(i / length) * k + first + (i % length)]!;
        });
        const columns = b.subarray(first * n, (first + length) * n);
        const product = withVariant(matmulKernel, tile);
        products.push(
          await runKernel(
            device,
            product,
            plainMatmul(m, n, length),
            [rows, columns, null, null, null],
            m * n,
          ),
        );
      }
      const added = (inOrder: readonly Float32Array[]) =>
        inOrder.reduce((sums, split) => sums.map((sum, i) => sum + split[i]!));
      assert.equal(found, added(products));
      assert.not.equal(found, added(products.reverse()), 'another order would show');
    });
  }

  test('every variant was hit', () => {
    console.log(`matmul variants: ${variants.map((name) => `${name} ${counts[name]}`).join(', ')}`);
    assert.ok(variants.every((name) => (counts[name] ?? 0) >= ROUNDS));
  });
}
