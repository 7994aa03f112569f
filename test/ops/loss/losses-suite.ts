/** Losses of one number, and those that are put together from operations, against PyTorch: values and gradients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '#src/ops/backward';
import { binaryCrossEntropy } from '#src/ops/loss/binary-cross-entropy';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { klDivergence } from '#src/ops/loss/kl-divergence';
import { meanSquaredError } from '#src/ops/loss/mean-squared-error';
import { huber, smoothL1 } from '#src/ops/loss/smooth-l1';
import type { Device } from '#src/program/device';
import { sum } from '#src/ops/reduce/sum';
import { tensor } from '#src/tensor/tensor';
import { type Call, checkGolden, type GoldenValues, golden } from '../golden-suite.js';
import { assertClose } from '../support.js';

interface LossCase extends GoldenValues {
  readonly loss: string;
}

const calls: Readonly<Record<string, Call>> = {
  binaryCrossEntropy: ([logits, targets, weights], options) =>
    binaryCrossEntropy(logits, targets, { ...(weights && { weights }), ...options }),
  crossEntropy: ([logits, labels], options) => crossEntropy(logits, labels, options),
  huber: ([a, b], options) => huber(a, b, options),
  klDivergence: ([a, b], options) => klDivergence(a, b, options),
  meanSquaredError: ([a, b]) => meanSquaredError(a, b),
  smoothL1: ([a, b], options) => smoothL1(a, b, options),
};

const cases = golden<readonly LossCase[]>('losses.json');

/** Registers the tests on the device. */
export function testLosses(on: string, open: () => Promise<Device>): void {
  for (const [loss, call] of Object.entries(calls)) {
    test(`${loss} on ${on} gives what PyTorch gives`, async () => {
      const device = await open();
      const own = cases.filter((one) => one.loss === loss);
      assert.ok(own.length > 0, `${loss} has cases`);
      for (const one of own) await checkGolden(device, loss, call, one);
    });
  }

  test(`cross-entropy of which every label is ignored is 0, and so is its gradient, on ${on}`, async () => {
    const device = await open();
    const bad = [Number.NaN, 1, Number.POSITIVE_INFINITY, 2, 0, 1];
    const labels = device.createState([2], 'int32', Int32Array.of(-100, -100));
    const [loss, slopes] = await device.run(() => {
      const logits = tensor(bad, [2, 3]);
      const result = crossEntropy(logits, labels, { ignoreIndex: -100, labelSmoothing: 0.1 });
      return [result, gradients(result, [logits])[0]] as const;
    });
    device.releaseState(labels);
    assert.is(loss, 0);
    assert.equal([...slopes], [0, 0, 0, 0, 0, 0]);
  });

  test(`a label of the device that is neither a class nor ignored gives NaN on ${on}`, async () => {
    const device = await open();
    const labels = device.createState([3], 'int32', Int32Array.of(0, -100, -1));
    const loss = await device.run(() =>
      crossEntropy(tensor(new Float32Array(6), [3, 2]), labels, { ignoreIndex: -100 }),
    );
    device.releaseState(labels);
    assert.ok(Number.isNaN(loss));
  });

  test(`binary cross-entropy at its edges on ${on}`, async () => {
    const device = await open();
    const infinity = Number.POSITIVE_INFINITY;
    const [losses, slopes] = await device.run(() => {
      const x = tensor([0, 0, infinity, -infinity, infinity, Number.NaN, 1000, -1000], [8]);
      const t = tensor([1, 0, 1, 0, 0, 1, 0.5, 0.5], [8]);
      const each = binaryCrossEntropy(x, t, { reduction: 'none' });
      return [each, gradients(binaryCrossEntropy(x, t, { reduction: 'sum' }), [x])[0]] as const;
    });
    const near = { absolute: 1e-6, relative: 1e-6 };
    const { LN2 } = Math;
    assertClose(losses, [LN2, LN2, 0, 0, infinity, Number.NaN, 500, 500], near, 'losses');
    assertClose(slopes, [-0.5, 0.5, 0, 0, 1, Number.NaN, 0.5, -0.5], near, 'slopes');
  });

  test(`divergence from a target that has zeros on ${on}`, async () => {
    const device = await open();
    const [loss, slopes] = await device.run(() => {
      const x = tensor([Math.log(0.5), Math.log(0.25), Math.log(0.25)], [1, 3]);
      const result = klDivergence(x, tensor([1, 0, 0], [1, 3]));
      return [result, gradients(result, [x])[0]] as const;
    });
    assertClose(loss, [Math.LN2], { absolute: 1e-6, relative: 0 }, 'loss');
    assert.equal(
      [...slopes].map((slope) => slope + 0),
      [-1, 0, 0],
    );
  });

  test(`losses have no slope where prediction and target are one on ${on}`, async () => {
    const device = await open();
    const slopes = await device.run(() => {
      const [a, b] = [tensor([3, 3], [2]), tensor([3, 4], [2])];
      const sum = { reduction: 'sum' } as const;
      return {
        smooth: gradients(smoothL1(a, b, sum), [a])[0],
        line: gradients(smoothL1(a, b, { beta: 0, ...sum }), [a])[0],
        huber: gradients(huber(a, b, { delta: 0.5, ...sum }), [a])[0],
      };
    });
    assert.equal([...slopes.smooth], [0, -1]);
    assert.equal([...slopes.line], [0, -1]);
    assert.equal([...slopes.huber], [0, -0.5]);
  });

  test(`the line of a loss goes on to infinity on ${on}`, async () => {
    const device = await open();
    const infinity = Number.POSITIVE_INFINITY;
    const found = await device.run(() => {
      const [a, b] = [tensor([infinity, -infinity, 1e30], [3]), tensor([1, 2, 3], [3])];
      const all = [
        smoothL1(a, b, { beta: 0.5, reduction: 'none' }),
        huber(a, b, { delta: 0.5, reduction: 'none' }),
      ];
      return all.map((losses) => [losses, gradients(sum(losses), [a])[0]] as const);
    });
    const line = [infinity, infinity, device.precision === 'float64' ? 1e30 : Math.fround(1e30)];
    assert.equal(
      found.map((both) => both.map((values) => [...values])),
      [
        [line, [1, -1, 1]],
        [line.map((loss) => loss / 2), [0.5, -0.5, 0.5]],
      ],
    );
  });
}
