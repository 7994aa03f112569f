/** The plain loops of the convolution against its formula, and the CPU device against them. */
import { openCpu } from '#src/device/cpu/node';
import type { Conv2dAttributes } from '#src/ops/conv2d/conv2d-attributes';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epilogueOperands, generator, pick, randomValues } from '../../device/cpu-harness.js';
import { type Channels, checkConv2d, judge, randomConv2d } from '../kernel-cases.js';

function randomChannels(random: () => number): Channels {
  const groups = pick(random, [1, 1, 2, 3]);
  if (random() < 0.2) {
    const channels = pick(random, [2, 4, 5]);
    return { channels, filters: channels, groups: channels };
  }
  return { channels: groups * pick(random, [1, 3, 4]), filters: groups * pick(random, [1, 4, 5]), groups };
}

function randomInputs(random: () => number, attributes: Conv2dAttributes): (Float32Array | null)[] {
  const { batch, height, width, channels, filters, kernelHeight, kernelWidth, groups, epilogue } = attributes;
  return [
    randomValues(random, batch * height * width * channels),
    randomValues(random, ((kernelHeight * kernelWidth * channels) / groups) * filters),
    ...epilogueOperands(random, epilogue, filters, outputsOf(attributes)),
  ];
}

function outputsOf({ batch, outHeight, outWidth, filters }: Conv2dAttributes): number {
  return batch * outHeight * outWidth * filters;
}

/** One output, straight from the formula in conv2d-attributes.ts. */
function formula(c: Conv2dAttributes, inputs: readonly (Float32Array | null)[], index: number): number {
  const [x, w, scale, shift, residual] = inputs;
  const filter = index % c.filters;
  const q = Math.floor(index / c.filters) % c.outWidth;
  const p = Math.floor(index / c.filters / c.outWidth) % c.outHeight;
  const b = Math.floor(index / c.filters / c.outWidth / c.outHeight);
  const groupChannels = c.channels / c.groups;
  const first = Math.floor(filter / (c.filters / c.groups)) * groupChannels;
  let y = 0;
  for (let r = 0; r < c.kernelHeight; r++) {
    for (let s = 0; s < c.kernelWidth; s++) {
      const row = p * c.strideHeight - c.padTop + r * c.dilationHeight;
      const column = q * c.strideWidth - c.padLeft + s * c.dilationWidth;
      if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
      for (let i = 0; i < groupChannels; i++) {
        const value = x![((b * c.height + row) * c.width + column) * c.channels + first + i]!;
        y += value * w![((r * c.kernelWidth + s) * groupChannels + i) * c.filters + filter]!;
      }
    }
  }
  y = y * (scale?.[filter] ?? 1) + (shift?.[filter] ?? 0) + (residual?.[index] ?? 0);
  if (c.epilogue.activation !== 'none') y = Math.max(y, 0);
  return c.epilogue.activation === 'relu6' ? Math.min(y, 6) : y;
}

test('150 random convolutions agree with the formula', () => {
  const random = generator(8);
  for (let round = 0; round < 150; round++) {
    const attributes = randomConv2d(random, randomChannels(random));
    const inputs = randomInputs(random, attributes);
    const actual = judge(conv2dKernel, attributes, inputs, outputsOf(attributes));
    for (let index = 0; index < actual.length; index++) {
      const expected = formula(attributes, inputs, index);
      if (!(Math.abs(actual[index]! - expected) <= 1e-13)) {
        assert.unreachable(
          `element ${index}: ${actual[index]}, not ${expected}: ${JSON.stringify(attributes)}`,
        );
      }
    }
  }
});

test('units computed one by one give the same bytes, in float64 and float32', () => {
  const random = generator(9);
  for (let round = 0; round < 40; round++) {
    const attributes = randomConv2d(random, randomChannels(random));
    const inputs = randomInputs(random, attributes);
    const units = conv2dKernel.cpu.units(attributes);
    for (const Values of [Float64Array, Float32Array]) {
      const operands = inputs.map((input) => Values.from(input ?? []));
      const whole = new Values(outputsOf(attributes));
      conv2dKernel.cpu.run({ attributes, operands: [...operands, whole], step: [], begin: 0, end: units });
      const parts = new Values(whole.length);
      for (let unit = units - 1; unit >= 0; unit--) {
        conv2dKernel.cpu.run({
          attributes,
          operands: [...operands, parts],
          step: [],
          begin: unit,
          end: unit + 1,
        });
      }
      assert.equal(parts, whole);
    }
  }
});

test('the CPU device agrees with float64', async () => {
  const device = await openCpu();
  const random = generator(10);
  for (let round = 0; round < 60; round++) {
    await checkConv2d(device, random, randomConv2d(random, randomChannels(random)));
  }
  await device.close();
});

test.run();
