/** The plain loops of a convolution's two gradients against their formula, and the CPU device against them. */
import { openCpu } from '#src/device/cpu/node';
import type { Kernel } from '#src/device/kernel';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { gradients } from '#src/ops/backward';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { weightGradientSplits } from '#src/ops/conv2d/conv2d-gradient-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dWeightGradientKernel } from '#src/ops/conv2d/conv2d-weight-gradient-kernel';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick } from '../../device/cpu-harness.js';
import {
  checkInputGradient,
  checkWeightGradient,
  imageSize,
  inputGradientOperands,
  outputSize,
  randomGeometry,
  randomSplits,
  weightGradientOperands,
  weightSize,
} from './conv2d-gradient-cases.js';
import { type Channels, judge } from '../kernel-cases.js';
import { cpuDevice } from '../support.js';

function randomChannels(random: () => number): Channels {
  const groups = pick(random, [1, 1, 2, 3]);
  if (random() < 0.2) {
    const channels = pick(random, [2, 4, 5]);
    return { channels, filters: channels, groups: channels };
  }
  return { channels: groups * pick(random, [1, 3, 4]), filters: groups * pick(random, [1, 4, 5]), groups };
}

/** Calls `visit` with the indices in x, w and y of every product that the forward formula adds up. */
function forEachProduct(c: Conv2dGeometry, visit: (x: number, w: number, y: number) => void): void {
  const groupChannels = c.channels / c.groups;
  for (let y = 0; y < outputSize(c); y++) {
    const filter = y % c.filters;
    const q = Math.floor(y / c.filters) % c.outWidth;
    const p = Math.floor(y / c.filters / c.outWidth) % c.outHeight;
    const b = Math.floor(y / c.filters / c.outWidth / c.outHeight);
    const first = Math.floor(filter / (c.filters / c.groups)) * groupChannels;
    for (let r = 0; r < c.kernelHeight; r++) {
      for (let s = 0; s < c.kernelWidth; s++) {
        const row = p * c.strideHeight - c.padTop + r * c.dilationHeight;
        const column = q * c.strideWidth - c.padLeft + s * c.dilationWidth;
        if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
        for (let i = 0; i < groupChannels; i++) {
          const x = ((b * c.height + row) * c.width + column) * c.channels + first + i;
          visit(x, ((r * c.kernelWidth + s) * groupChannels + i) * c.filters + filter, y);
        }
      }
    }
  }
}

function assertNear(actual: Float64Array, expected: Float64Array, attributes: Conv2dGeometry): void {
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= 1e-12)) {
      assert.unreachable(`element ${i}: ${actual[i]}, not ${expected[i]}: ${JSON.stringify(attributes)}`);
    }
  }
}

test('150 random input gradients agree with the formula', () => {
  const random = generator(21);
  for (let round = 0; round < 150; round++) {
    const geometry = randomGeometry(random, randomChannels(random));
    const [dy, w] = inputGradientOperands(random, geometry) as [Float32Array, Float32Array];
    const expected = new Float64Array(imageSize(geometry));
    forEachProduct(geometry, (xIndex, wIndex, yIndex) => {
      expected[xIndex]! += w[wIndex]! * dy[yIndex]!;
    });
    assertNear(judge(conv2dInputGradientKernel, geometry, [dy, w], expected.length), expected, geometry);
  }
});

test('150 random weight gradients agree with the formula, split by split', () => {
  const random = generator(22);
  for (let round = 0; round < 150; round++) {
    const attributes = randomSplits(random, randomGeometry(random, randomChannels(random)));
    const [x, dy] = weightGradientOperands(random, attributes) as [Float32Array, Float32Array];
    const weights = weightSize(attributes);
    const expected = new Float64Array(attributes.splits * weights);
    forEachProduct(attributes, (xIndex, wIndex, yIndex) => {
      const split = Math.floor(yIndex / attributes.filters / attributes.positionsPerSplit);
      expected[split * weights + wIndex]! += x[xIndex]! * dy[yIndex]!;
    });
    assertNear(judge(conv2dWeightGradientKernel, attributes, [x, dy], expected.length), expected, attributes);
  }
});

test('a weight gradient of more positions than are packed at a time', () => {
  const random = generator(23);
  const geometry: Conv2dGeometry = {
    ...{ batch: 3, height: 20, width: 21, channels: 2, filters: 3, kernelHeight: 3, kernelWidth: 3 },
    ...{ outHeight: 20, outWidth: 21, strideHeight: 1, strideWidth: 1, padTop: 1, padLeft: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
  };
  const attributes = { ...geometry, splits: 1, positionsPerSplit: 3 * 20 * 21 };
  const [x, dy] = weightGradientOperands(random, attributes) as [Float32Array, Float32Array];
  const expected = new Float64Array(weightSize(geometry));
  forEachProduct(geometry, (xIndex, wIndex, yIndex) => {
    expected[wIndex]! += x[xIndex]! * dy[yIndex]!;
  });
  assertNear(judge(conv2dWeightGradientKernel, attributes, [x, dy], expected.length), expected, attributes);
});

test('the weight gradient of a convolution whose reduction is cut is the sum of its splits', async () => {
  const device = await cpuDevice('float64');
  const random = generator(27);
  for (const groups of [1, 3]) {
    const geometry = randomGeometry(random, { channels: 3, filters: 6, groups });
    const sizes = {
      ...geometry,
      batch: 3,
      height: 19,
      width: 17,
      padTop: 1,
      padLeft: 1,
      kernelHeight: 3,
      kernelWidth: 3,
    };
    const plain = {
      strideHeight: 1,
      strideWidth: 1,
      dilationHeight: 1,
      dilationWidth: 1,
      outHeight: 19,
      outWidth: 17,
    };
    const conv = { ...sizes, ...plain };
    assert.ok(weightGradientSplits(conv).splits > 1);
    const [x, dy] = weightGradientOperands(random, conv) as [Float32Array, Float32Array];
    const expected = new Float64Array(weightSize(conv));
    forEachProduct(conv, (xIndex, wIndex, yIndex) => {
      expected[wIndex]! += x[xIndex]! * dy[yIndex]!;
    });
    const found = await device.run(() => {
      const w = tensor(new Float64Array(expected.length), [3, 3, 3 / groups, 6]);
      const y = conv2d(tensor(Float64Array.from(x), [3, 19, 17, 3]), w, { padding: 1, groups });
      return gradients(sum(multiply(y, tensor(Float64Array.from(dy), y.shape))), [w])[0];
    });
    assertNear(Float64Array.from(found), expected, conv);
  }
});

/** Runs all units at once and each by itself, from the last, in both precisions, and compares the bytes. */
function compareUnits<A>(
  kernel: Kernel<A>,
  attributes: A,
  inputs: readonly Float32Array[],
  outputs: number,
): void {
  const units = kernel.cpu.units(attributes);
  for (const Values of [Float64Array, Float32Array]) {
    const operands = inputs.map((input) => Values.from(input));
    const run = (out: Float32Array | Float64Array, begin: number, end: number) =>
      kernel.cpu.run({ attributes, operands: [...operands, out], step: [], begin, end });
    const whole = new Values(outputs).fill(Number.NaN);
    run(whole, 0, units);
    assert.not(whole.some(Number.isNaN));
    const parts = new Values(outputs).fill(Number.NaN);
    for (let unit = units - 1; unit >= 0; unit--) run(parts, unit, unit + 1);
    assert.equal(parts, whole);
  }
}

test('units computed one by one give the same bytes, in float64 and float32', () => {
  const random = generator(24);
  for (let round = 0; round < 40; round++) {
    const geometry = randomGeometry(random, randomChannels(random));
    compareUnits(
      conv2dInputGradientKernel,
      geometry,
      inputGradientOperands(random, geometry),
      imageSize(geometry),
    );
    const attributes = randomSplits(random, geometry);
    const outputs = attributes.splits * weightSize(attributes);
    compareUnits(conv2dWeightGradientKernel, attributes, weightGradientOperands(random, attributes), outputs);
  }
});

test('the cut covers every position once and leaves no split empty', () => {
  const random = generator(25);
  for (let round = 0; round < 200; round++) {
    const geometry = {
      ...randomGeometry(random, {
        channels: pick(random, [3, 64, 512]),
        filters: pick(random, [64, 2048]),
        groups: 1,
      }),
      batch: pick(random, [1, 7, 64]),
      outHeight: pick(random, [1, 7, 56, 112]),
    };
    const positions = geometry.batch * geometry.outHeight * geometry.outWidth;
    const { splits, positionsPerSplit } = weightGradientSplits(geometry);
    assert.ok(splits >= 1 && splits * positionsPerSplit >= positions);
    assert.ok((splits - 1) * positionsPerSplit < positions);
  }
});

test('the CPU device agrees with float64', async () => {
  const device = await openCpu();
  const random = generator(26);
  for (let round = 0; round < 60; round++) {
    const geometry = randomGeometry(random, randomChannels(random));
    await checkInputGradient(device, random, geometry);
    await checkWeightGradient(device, random, randomSplits(random, geometry));
  }
  await device.close();
});

test.run();
