/** The plain loops of pooling against their formulas, and the CPU device against them. */
import { openCpu } from '#src/device/cpu/node';
import { globalAveragePoolKernel, maxPool2dKernel } from '#src/ops/pool/pool-kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick, randomValues } from '../../device/cpu-harness.js';
import { judge } from '../kernel-cases.js';
import { checkPools, randomPool, SPECIAL_MAXIMA, specialMaxima } from './pool-cases.js';

test('60 random maxima agree with the formula', () => {
  const random = generator(11);
  for (let round = 0; round < 60; round++) {
    const c = randomPool(random, pick(random, [1, 3, 4]));
    const x = randomValues(random, c.batch * c.height * c.width * c.channels);
    const y = judge(maxPool2dKernel, c, [x], c.batch * c.outHeight * c.outWidth * c.channels);
    y.forEach((value, index) => {
      const channel = index % c.channels;
      const q = Math.floor(index / c.channels) % c.outWidth;
      const p = Math.floor(index / c.channels / c.outWidth) % c.outHeight;
      const b = Math.floor(index / c.channels / c.outWidth / c.outHeight);
      const inside: number[] = [];
      for (let row = p * c.strideHeight - c.padTop, r = 0; r < c.kernelHeight; r++, row++) {
        for (let column = q * c.strideWidth - c.padLeft, s = 0; s < c.kernelWidth; s++, column++) {
          if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
          inside.push(x[((b * c.height + row) * c.width + column) * c.channels + channel]!);
        }
      }
      assert.is(value, Math.max(...inside));
    });
  }
});

test('the mean of a small image', () => {
  const x = Float32Array.of(1, 10, 2, 20, 6, 60, 5, 5, 6, 6, 7, 10);
  const y = judge(globalAveragePoolKernel, { batch: 2, positions: 3, channels: 2 }, [x], 4);
  assert.equal([...y], [3, 30, 6, 7]);
});

test('the CPU device agrees with float64, NaN and infinity included', async () => {
  const device = await openCpu();
  const random = generator(12);
  for (let round = 0; round < 30; round++) await checkPools(device, random, pick(random, [1, 3, 4, 8]));
  assert.equal(await specialMaxima(device, 1), SPECIAL_MAXIMA);
  await device.close();
});

test.run();
