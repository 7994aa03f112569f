/** Pooling of random images, for the tests of its kernels on both devices. */
import type { Backend } from '#src/device/backend';
import { globalAveragePoolKernel, type PoolGeometry, maxPool2dKernel } from '#src/ops/pool/pool-kernels';
import * as assert from 'uvu/assert';
import { pick, randomValues } from '../../device/cpu-harness.js';
import { judge, runKernel } from '../kernel-cases.js';

/** Windows with padding up to their size less one, on images of odd and even size. */
export function randomPool(random: () => number, channels: number): PoolGeometry {
  const axis = () => {
    const kernel = pick(random, [1, 2, 3, 3, 5]);
    const [before, after] = [Math.floor(random() * kernel), Math.floor(random() * kernel)];
    const stride = pick(random, [1, 2, 2, 3]);
    const size = Math.max(1, kernel - before - after) + Math.floor(random() * 8);
    return { kernel, stride, before, size, out: Math.floor((size + before + after - kernel) / stride) + 1 };
  };
  const vertical = axis();
  const horizontal = axis();
  return {
    batch: pick(random, [1, 2, 3]),
    height: vertical.size,
    width: horizontal.size,
    channels,
    kernelHeight: vertical.kernel,
    kernelWidth: horizontal.kernel,
    outHeight: vertical.out,
    outWidth: horizontal.out,
    strideHeight: vertical.stride,
    strideWidth: horizontal.stride,
    padTop: vertical.before,
    padLeft: horizontal.before,
  };
}

/** Compares maximum and mean pooling of a random image with float64. The maximum is exact. */
export async function checkPools(device: Backend, random: () => number, channels: number): Promise<void> {
  const attributes = randomPool(random, channels);
  const { batch, height, width } = attributes;
  const outputs = batch * attributes.outHeight * attributes.outWidth * channels;
  const inputs = [randomValues(random, batch * height * width * channels)];
  const largest = await runKernel(device, maxPool2dKernel, attributes, inputs, outputs);
  assert.equal(
    [...largest],
    [...judge(maxPool2dKernel, attributes, inputs, outputs)],
    JSON.stringify(attributes),
  );

  const average = { batch, positions: height * width, channels };
  const mean = await runKernel(device, globalAveragePoolKernel, average, inputs, batch * channels);
  const expected = judge(globalAveragePoolKernel, average, inputs, batch * channels);
  mean.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) <= 1e-6, `mean ${i}: ${value}, not ${expected[i]}`);
  });
}

/** A 1 x 6 image of one channel whose windows of 3 meet NaN and infinities. */
export async function specialMaxima(device: Backend, channels: number): Promise<number[]> {
  const row = [
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -5,
    Number.NaN,
    1,
    Number.POSITIVE_INFINITY,
  ];
  const x = Float32Array.from({ length: row.length * channels }, (_, i) => row[Math.floor(i / channels)]!);
  const attributes: PoolGeometry = {
    ...{ batch: 1, height: 1, width: 6, channels, outHeight: 1, outWidth: 6 },
    ...{ kernelHeight: 1, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: 0, padLeft: 1 },
  };
  const y = await runKernel(device, maxPool2dKernel, attributes, [x], 6 * channels);
  return [...y].filter((_, i) => i % channels === 0);
}

/** What `specialMaxima` must be: padding never wins, NaN always does. */
export const SPECIAL_MAXIMA = [
  Number.NEGATIVE_INFINITY,
  -5,
  Number.NaN,
  Number.NaN,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
