/** Which variants adapters take without having measured: both sides of the sizes where a rule switches. */
import type { AdapterTraits } from '#src/device/kernel';
import {
  batchMomentsCombineKernel,
  batchMomentsKernel,
  batchNormGradientCombineKernel,
  batchNormGradientSumsKernel,
  sliced,
} from '#src/ops/norm/batch-norm-training-kernels';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { NO_EPILOGUE } from '#src/ops/core/epilogue';
import { matmulKernel } from '#src/ops/product/matmul-kernel';
import { splitsOf } from '#src/ops/product/product-splits';
import { chooseTile, WIDE_TILES, WORKGROUP_TILES } from '#src/ops/product/product-variants';
import { reduceKernel } from '#src/ops/core/reduce';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plainMatmul } from './kernel-cases.js';

const SOFTWARE: AdapterTraits = {
  software: true,
  minSubgroupLanes: 8,
  maxInvocationsPerWorkgroup: 1024,
  maxWorkgroupStorageBytes: 32768,
  maxBindingBytes: 2 ** 27,
};

/** A 3 x 3 convolution that keeps its size. */
function square(batch: number, side: number, channels: number, filters = channels): Conv2dGeometry {
  return {
    ...{ batch, height: side, width: side, outHeight: side, outWidth: side, channels, filters },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: 1, padLeft: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
  };
}

/** What is taken forwards and backwards, which is the same here. */
function chosen(geometry: Conv2dGeometry, traits = SOFTWARE): string {
  const forward = conv2dKernel.shader.choose({ ...geometry, epilogue: NO_EPILOGUE }, traits);
  assert.is(conv2dInputGradientKernel.shader.choose(geometry, traits), forward);
  return forward;
}

test('on a software adapter 48 tiles of 64 channels are multiplied by Winograd, fewer are not', () => {
  assert.is(chosen(square(3, 16, 64)), 'winogradRegister8');
  assert.is(chosen(square(3, 13, 64)), 'winogradRegister8', 'tiles at the edges count');
  assert.is(chosen(square(3, 12, 64)), 'register8Vec4');
  assert.is(chosen(square(8, 16, 60)), 'register8Vec4');
  assert.is(chosen(square(8, 16, 60, 128)), 'register8Vec4');
  assert.is(chosen(square(8, 16, 128, 60)), 'register8Vec4');
  assert.is(chosen(square(8, 16, 65)), 'register8Scalar');
});

test('what Winograd cannot do is left to the tiles, and so are other adapters', () => {
  const large = square(8, 28, 128);
  assert.is(chosen(large), 'winogradRegister8');
  assert.is(chosen({ ...large, dilationHeight: 2, outHeight: 26 }), 'register8Vec4');
  assert.is(chosen({ ...large, groups: 2 }), 'register8Vec4');
  assert.is(chosen(large, { ...SOFTWARE, minSubgroupLanes: 4 }), 'register4Vec4');
  assert.match(chosen(large, { ...SOFTWARE, minSubgroupLanes: 0 }), /^tile/);
  assert.match(chosen(large, { ...SOFTWARE, software: false }), /^tile/);
});

test('a workspace that the adapter cannot bind is not asked for', () => {
  // 36 float32 of every tile's 128 channels and filters, and of the weights: 115.6 MB of 134.2, then twice that.
  assert.is(chosen(square(32, 56, 64)), 'winogradRegister8');
  assert.is(chosen(square(64, 56, 64)), 'register8Vec4');
});

const BATCH_SUMS = [
  batchMomentsKernel,
  batchMomentsCombineKernel,
  batchNormGradientSumsKernel,
  batchNormGradientCombineKernel,
] as const;

const GPU: AdapterTraits = { ...SOFTWARE, software: false, minSubgroupLanes: 32, maxBindingBytes: 2 ** 31 };

test('a GPU cuts long sums of few results, of convolutions and of matrices', () => {
  // 32 tiles of 32 x 32 for 49 places and 512 filters; 64, and 112 with another image.
  assert.is(chosen(square(1, 7, 512), GPU), 'splitTile64Vec4');
  assert.is(chosen(square(2, 7, 512), GPU), 'splitTile64Vec4');
  assert.is(chosen(square(3, 7, 512), GPU), 'tile32Vec4');
  assert.is(chosen(square(1, 7, 511), GPU), 'splitTile64Scalar');
  // Sums of 9 x 128 make four splits of 256 steps or more, those of 9 x 112 three.
  assert.is(chosen(square(1, 7, 128), GPU), 'splitTile64Vec4');
  assert.is(chosen(square(1, 7, 112), GPU), 'tile32Vec4');
  assert.is(chosen({ ...square(1, 7, 512), groups: 512 }, GPU), 'depthwiseVec4');

  const product = (m: number, n: number, k: number, traits = GPU) =>
    matmulKernel.shader.choose(plainMatmul(m, n, k), traits);
  assert.is(product(32, 1000, 2048), 'splitTile64Vec4');
  assert.is(product(32, 1001, 2048), 'splitTile64Strided');
  assert.is(product(32, 1000, 1020), 'tile32Vec4');
  assert.is(product(96, 1000, 2048), 'tile32Vec4');
  assert.is(product(32, 1000, 2048, SOFTWARE), 'register8Vec4');
  assert.match(product(32, 1000, 2048, { ...SOFTWARE, minSubgroupLanes: 0 }), /^tile/);
});

test('a GPU takes the largest tile that makes 256 workgroups, else the smallest', () => {
  const tile = (m: number, n: number, products = 1) => chooseTile(products, m, n, GPU);
  // 16 x 16 tiles of 128 x 64; a row of tiles less is 240, or 480 of half the size.
  assert.is(tile(2048, 1024), 'tile128');
  assert.is(tile(2048 - 127, 1024 - 63), 'tile128', 'tiles at the edges count');
  assert.is(tile(2048 - 128, 1024), 'tile64');
  assert.is(tile(512, 512, 8), 'tile128', 'all products count');
  // 16 x 16 tiles of 64 x 64; 255 are too few.
  assert.is(tile(1024, 1024), 'tile64');
  assert.is(tile(64 * 51, 64 * 5), 'tile32');
  assert.is(tile(1024 - 64, 1024), 'tile32');
});

test('a sum of 256 elements has a workgroup of its own; on a software adapter only where there are few sums', () => {
  const chosen = (length: number, sums: number, traits = GPU) =>
    reduceKernel.shader.choose({ reduction: 'sum', outer: sums, length, inner: 1 }, traits);
  assert.is(chosen(255, 1), 'serial');
  assert.is(chosen(256, 1), 'workgroup');
  assert.is(chosen(256, 16), 'workgroup');
  assert.is(chosen(256, 15, SOFTWARE), 'workgroup');
  assert.is(chosen(256, 16, SOFTWARE), 'serial');
});

test('lanes share the sums of batch norm on a GPU, and not on a software adapter', () => {
  const attributes = { ...sliced(4096, 64), masked: false, epsilon: 1e-5, fixed: false };
  const chosen = (kernel: (typeof BATCH_SUMS)[number], traits: AdapterTraits) =>
    kernel.shader.choose(attributes, traits);
  assert.equal(new Set(BATCH_SUMS.map((kernel) => chosen(kernel, GPU))), new Set(['workgroup']));
  assert.equal(
    BATCH_SUMS.map((kernel) => chosen(kernel, SOFTWARE)),
    ['slice', 'channel', 'slice', 'channel'],
  );
});

test('workgroup tiles keep to what every adapter has, and fill their invocations evenly', () => {
  for (const [name, { constants }] of Object.entries({ ...WORKGROUP_TILES, ...WIDE_TILES })) {
    const [rows, columns] = [constants['TILE_ROWS']!, constants['TILE_COLUMNS']!];
    // As in shaders/lib/workgroup-tile.wgsl: 16 steps, rows of the first factor padded by one vector.
    assert.ok(rows * 5 * 16 + 16 * columns * 4 <= 16384, name);
    const invocations = (rows / constants['ROWS']!) * (columns / 4 / constants['COLUMN_FOURS']!);
    assert.ok(invocations >= 64 && invocations <= 256, name);
    for (const vectors of [rows * 4, columns * 4]) assert.is(vectors % invocations, 0, name);
  }
});

test('the splits of a sum cover it once, none is empty, and their steps are whole steps of a tile', () => {
  for (const length of [1, 15, 16, 255, 512, 513, 1040, 2048, 4608]) {
    for (const repeats of [1, 3, 9]) {
      for (const products of [1, 5, 300]) {
        const { splits, steps } = splitsOf({ products, rows: 49, columns: 70, repeats, length });
        assert.is(steps % 16, 0);
        assert.ok(
          splits * steps >= length && (splits - 1) * steps < length,
          `${splits} of ${steps}: ${length}`,
        );
        assert.ok(splits === 1 || repeats * length >= 256 * splits);
      }
    }
  }
});

test.run();
