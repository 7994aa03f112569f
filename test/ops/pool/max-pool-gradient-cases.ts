/** Gradients of maximum pooling, for the tests of its kernel on both devices. */
import type { Backend } from '#src/device/backend';
import { maxPool2dGradientKernel } from '#src/ops/pool/max-pool-gradient-kernel';
import type { PoolGeometry } from '#src/ops/pool/pool-kernels';
import * as assert from 'uvu/assert';
import { pick } from '../../device/cpu-harness.js';
import { judge, runKernel } from '../kernel-cases.js';
import { randomPool } from './pool-cases.js';

export interface MaxPoolGradientCase {
  readonly attributes: PoolGeometry;
  readonly x: Float32Array;
  readonly dy: Float32Array;
}

/** Images of few distinct whole numbers, so that windows have ties; whole gradients, so that sums are exact. */
export function randomCase(random: () => number, channels: number): MaxPoolGradientCase {
  const attributes = randomPool(random, channels);
  const { batch, height, width, outHeight, outWidth } = attributes;
  const levels = pick(random, [1, 3, 1000]);
  const whole = (length: number, choices: number) =>
    Float32Array.from({ length }, () => Math.floor(random() * choices) - Math.floor(choices / 2));
  return {
    attributes,
    x: whole(batch * height * width * channels, levels),
    dy: whole(batch * outHeight * outWidth * channels, 201),
  };
}

/** Runs a random case on `device`; the sums are exact. */
export async function checkMaxPoolGradient(
  device: Backend,
  random: () => number,
  channels: number,
): Promise<void> {
  const { attributes, x, dy } = randomCase(random, channels);
  const actual = await runKernel(device, maxPool2dGradientKernel, attributes, [x, dy], x.length);
  const expected = judge(maxPool2dGradientKernel, attributes, [x, dy], x.length);
  assert.equal([...actual], [...expected], JSON.stringify(attributes));
}

/** A 1 x 12 image whose windows of 3 meet ties, infinities and NaN, with the gradients 1, 2, ..., 10 of its maxima. */
export async function specialGradient(device: Backend, channels: number): Promise<number[]> {
  const [low, high, nan] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN];
  const row = [low, low, low, 2, 2, 1, nan, 3, nan, 5, high, high];
  const perChannel = (values: readonly number[]) =>
    Float32Array.from(values.flatMap((value) => Array(channels).fill(value)));
  const attributes: PoolGeometry = {
    ...{ batch: 1, height: 1, width: 12, channels, outHeight: 1, outWidth: 10 },
    ...{ kernelHeight: 1, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: 0, padLeft: 0 },
  };
  const inputs = [perChannel(row), perChannel([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])];
  const dx = await runKernel(device, maxPool2dGradientKernel, attributes, inputs, 12 * channels);
  return [...dx].filter((_, i) => i % channels === channels - 1);
}

/** What PyTorch 1.13 makes of `specialGradient` on its CPU: the first of equals wins, the last NaN. */
export const SPECIAL_GRADIENT = [1, 0, 0, 9, 0, 0, 11, 0, 24, 0, 10, 0];
