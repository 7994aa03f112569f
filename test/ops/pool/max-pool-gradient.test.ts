/** The plain loops of maximum pooling's gradient against its formula, and the CPU device against them. */
import { openCpu } from '#src/device/cpu/node';
import { maxPool2dGradientKernel } from '#src/ops/pool/max-pool-gradient-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick } from '../../device/cpu-harness.js';
import { judge } from '../kernel-cases.js';
import {
  checkMaxPoolGradient,
  type MaxPoolGradientCase,
  randomCase,
  SPECIAL_GRADIENT,
  specialGradient,
} from './max-pool-gradient-cases.js';

/** Each window's gradient goes to the first of its largest elements. */
function formula({ attributes: c, x, dy }: MaxPoolGradientCase): Float64Array {
  const dx = new Float64Array(x.length);
  dy.forEach((gradient, index) => {
    const channel = index % c.channels;
    const q = Math.floor(index / c.channels) % c.outWidth;
    const p = Math.floor(index / c.channels / c.outWidth) % c.outHeight;
    const b = Math.floor(index / c.channels / c.outWidth / c.outHeight);
    const inside: number[] = [];
    for (let row = p * c.strideHeight - c.padTop, r = 0; r < c.kernelHeight; r++, row++) {
      for (let column = q * c.strideWidth - c.padLeft, s = 0; s < c.kernelWidth; s++, column++) {
        if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
        inside.push(((b * c.height + row) * c.width + column) * c.channels + channel);
      }
    }
    const largest = Math.max(...inside.map((i) => x[i]!));
    dx[inside.find((i) => x[i] === largest)!]! += gradient;
  });
  return dx;
}

test('100 random gradients with ties agree with the formula', () => {
  const random = generator(31);
  for (let round = 0; round < 100; round++) {
    const example = randomCase(random, pick(random, [1, 3, 4]));
    const { attributes, x, dy } = example;
    const actual = judge(maxPool2dGradientKernel, attributes, [x, dy], x.length);
    assert.equal([...actual], [...formula(example)], JSON.stringify(attributes));
  }
});

test('rows computed one by one give the same bytes', () => {
  const random = generator(32);
  for (let round = 0; round < 20; round++) {
    const { attributes, x, dy } = randomCase(random, pick(random, [1, 3, 4]));
    const units = maxPool2dGradientKernel.cpu.units(attributes);
    const parts = new Float32Array(x.length).fill(Number.NaN);
    for (let unit = units - 1; unit >= 0; unit--) {
      maxPool2dGradientKernel.cpu.run({
        attributes,
        operands: [x, dy, parts],
        step: [],
        begin: unit,
        end: unit + 1,
      });
    }
    assert.equal([...parts], [...judge(maxPool2dGradientKernel, attributes, [x, dy], x.length)]);
  }
});

test('the CPU device agrees, ties, NaN and infinity included', async () => {
  const device = await openCpu();
  const random = generator(33);
  for (let round = 0; round < 40; round++)
    await checkMaxPoolGradient(device, random, pick(random, [1, 3, 4, 8]));
  for (const channels of [1, 4]) assert.equal(await specialGradient(device, channels), SPECIAL_GRADIENT);
  await device.close();
});

test.run();
