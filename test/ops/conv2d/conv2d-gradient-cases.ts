/** Random gradients of convolutions, for the tests of their kernels on both devices. */
import type { Backend } from '#src/device/backend';
import type { Kernel } from '#src/device/kernel';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import type { Conv2dWeightGradientAttributes } from '#src/ops/conv2d/conv2d-gradient-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dWeightGradientKernel } from '#src/ops/conv2d/conv2d-weight-gradient-kernel';
import * as assert from 'uvu/assert';
import { pick, randomValues, tolerance } from '../../device/cpu-harness.js';
import { type Channels, judge, type Operands, randomConv2d, runKernel } from '../kernel-cases.js';

/** A convolution with everything but its channels drawn. */
export function randomGeometry(random: () => number, channels: Channels): Conv2dGeometry {
  const { epilogue, ...geometry } = randomConv2d(random, channels);
  return geometry;
}

export function imageSize({ batch, height, width, channels }: Conv2dGeometry): number {
  return batch * height * width * channels;
}

export function weightSize({ kernelHeight, kernelWidth, channels, groups, filters }: Conv2dGeometry): number {
  return ((kernelHeight * kernelWidth * channels) / groups) * filters;
}

export function outputSize({ batch, outHeight, outWidth, filters }: Conv2dGeometry): number {
  return batch * outHeight * outWidth * filters;
}

/** The same convolution with its positions cut into pieces of a drawn length. */
export function randomSplits(random: () => number, geometry: Conv2dGeometry): Conv2dWeightGradientAttributes {
  const positions = geometry.batch * geometry.outHeight * geometry.outWidth;
  const positionsPerSplit = Math.max(1, Math.ceil(positions / pick(random, [1, 1, 2, 3, 5])));
  return { ...geometry, positionsPerSplit, splits: Math.ceil(positions / positionsPerSplit) };
}

/** dy and w of an input gradient. */
export function inputGradientOperands(random: () => number, geometry: Conv2dGeometry): Float32Array[] {
  return [randomValues(random, outputSize(geometry)), randomValues(random, weightSize(geometry))];
}

/** x and dy of a weight gradient. */
export function weightGradientOperands(random: () => number, geometry: Conv2dGeometry): Float32Array[] {
  return [randomValues(random, imageSize(geometry)), randomValues(random, outputSize(geometry))];
}

/** Runs an input gradient of random values on `device` and compares it with float64. */
export async function checkInputGradient(
  device: Backend,
  random: () => number,
  geometry: Conv2dGeometry,
  kernel = conv2dInputGradientKernel,
  winograd = false,
): Promise<void> {
  const inputs = inputGradientOperands(random, geometry);
  const actual = await runKernel(device, kernel, geometry, inputs, imageSize(geometry));
  const { kernelHeight, kernelWidth, filters, groups } = geometry;
  compare(
    conv2dInputGradientKernel,
    geometry,
    inputs,
    actual,
    (kernelHeight * kernelWidth * filters) / groups,
    winograd,
  );
}

/** Runs a weight gradient of random values on `device` and compares its splits with float64. */
export async function checkWeightGradient(
  device: Backend,
  random: () => number,
  attributes: Conv2dWeightGradientAttributes,
  kernel = conv2dWeightGradientKernel,
): Promise<void> {
  const inputs = weightGradientOperands(random, attributes);
  const outputs = attributes.splits * weightSize(attributes);
  const actual = await runKernel(device, kernel, attributes, inputs, outputs);
  compare(conv2dWeightGradientKernel, attributes, inputs, actual, attributes.positionsPerSplit);
}

/** Compares with float64, allowing the rounding of float32 sums of `terms` products; Winograd's as `checkProduct` does. */
function compare<A>(
  kernel: Kernel<A>,
  attributes: A,
  inputs: Operands,
  actual: Float32Array,
  terms: number,
  winograd = false,
): void {
  const expected = judge(kernel, attributes, inputs, actual.length);
  const magnitudes = judge(
    kernel,
    attributes,
    inputs.map((input) => input?.map(Math.abs) ?? null),
    actual.length,
  );
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < actual.length; i++) {
    const allowed = winograd ? 2 * tolerance(terms, largest) : tolerance(terms, magnitudes[i]!);
    if (!(Math.abs(actual[i]! - expected[i]!) <= allowed)) {
      assert.unreachable(`element ${i}: ${actual[i]}, not ${expected[i]}: ${JSON.stringify(attributes)}`);
    }
  }
}
