/**
 * log-softmax and cross-entropy of logits far from zero, against float64: only differences between the logits of a row
 * count, and these are exact in float32 here, so that no digit may be lost.
 */
import { test } from 'uvu';
import { gradients } from '#src/ops/backward';
import { crossEntropyLosses } from '#src/ops/loss/cross-entropy';
import { multiply } from '#src/ops/pointwise/multiply';
import { logSoftmax } from '#src/ops/norm/softmax';
import { sum } from '#src/ops/reduce/sum';
import type { Device } from '#src/program/device';
import { tensor } from '#src/tensor/tensor';
import { assertClose } from '../support.js';

const ROWS = 6;
const SMOOTHING = 0.25;
/** Each row's own distance from zero: 10,000 and more, to both sides. */
const FAR = [10_000, -10_000, 60_000, 12_345, -30_000, 0];

/** Registers the tests on the device. */
export function testLargeLogits(on: string, open: () => Promise<Device>): void {
  // Lanes of four with a rest, and fewer than one of them.
  for (const columns of [3, 19]) {
    const compare = async (
      names: readonly ('logarithms' | 'slopes' | 'ofLabels' | 'losses' | 'lossSlopes')[],
    ) => {
      const device = await open();
      // Multiples of 1/64 between -2 and 2 are kept whole beside 60,000.
      const small = Float64Array.from(
        { length: ROWS * columns },
        (_, i) => (((i * 37 + 11) % 257) - 128) / 64,
      );
      const logits = small.map((value, i) => value + FAR[Math.floor(i / columns)]);
      const labels = Int32Array.from({ length: ROWS }, (_, i) => (i * 5) % columns);
      const targets = Float64Array.from({ length: ROWS * columns }, (_, i) => (i % columns < 2 ? 0.5 : 0));
      const upstream = Float64Array.from({ length: ROWS * columns }, (_, i) => ((i * 7) % 5) - 2);
      const found = await device.run(() => {
        const x = tensor(logits, [ROWS, columns], 'float32');
        const logarithms = logSoftmax(x);
        const t = tensor(targets, [ROWS, columns], 'float32');
        const losses = crossEntropyLosses(x, t, SMOOTHING);
        const weighted = sum(multiply(logarithms, tensor(upstream, [ROWS, columns], 'float32')));
        return {
          logarithms,
          slopes: gradients(weighted, [x])[0],
          ofLabels: crossEntropyLosses(x, tensor(labels, [ROWS])),
          losses,
          lossSlopes: gradients(sum(losses), [x])[0],
        };
      });

      const exact = logSoftmaxOf(small, columns);
      const smoothed = targets.map((t) => (1 - SMOOTHING) * t + SMOOTHING / columns);
      const ofRow = (values: ArrayLike<number>, row: number) =>
        Array.from({ length: columns }, (_, j) => values[row * columns + j]);
      const rowSum = (values: ArrayLike<number>, row: number) =>
        ofRow(values, row).reduce((a, b) => a + b, 0);
      const rows = Array.from({ length: ROWS }, (_, row) => row);
      const expected = {
        logarithms: exact,
        slopes: upstream.map((g, i) => g - Math.exp(exact[i]) * rowSum(upstream, Math.floor(i / columns))),
        ofLabels: rows.map((row) => -exact[row * columns + labels[row]]),
        losses: rows.map(
          (row) =>
            -rowSum(
              exact.map((value, i) => value * smoothed[i]),
              row,
            ),
        ),
        lossSlopes: exact.map((value, i) => Math.exp(value) - smoothed[i]),
      };
      for (const name of names)
        assertClose(found[name] as Float32Array, expected[name], { absolute: 4e-6, relative: 1e-6 }, name);
    };
    // Each by itself: one may keep its digits where the other does not.
    test(`log-softmax of logits around 10,000 on ${on}, ${columns} classes`, () =>
      compare(['logarithms', 'slopes']));
    test(`cross-entropy of logits around 10,000 on ${on}, ${columns} classes`, () =>
      compare(['ofLabels', 'losses', 'lossSlopes']));
  }
}

/** The logarithm of the softmax of each row of small numbers, straight from its definition. */
function logSoftmaxOf(values: Float64Array, columns: number): Float64Array {
  return values.map((value, i) => {
    const row = values.subarray(i - (i % columns), i - (i % columns) + columns);
    return value - Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
  });
}
