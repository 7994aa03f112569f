/** Histograms: what they count, against NumPy's; and the values at the edges. */
import { histogramOf } from '#src/training/tensorboard/histogram';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('buckets and counts are those of NumPy', () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => ((i * 37) % 101) ** 2 / 100 - 20);
  const { min, max, count, sum, sumOfSquares, limits, counts } = histogramOf(values)!;
  // numpy.histogram(values.astype(numpy.float64), 30)
  const expected = [
    188, 70, 59, 49, 40, 39, 40, 30, 29, 30, 30, 30, 19, 30, 20, 29, 20, 20, 20, 19, 20, 20, 20, 20, 19, 20,
    10, 20, 20, 20,
  ];
  assert.equal(counts, expected);
  assert.is(
    counts.reduce((total, of) => total + of, 0),
    1000,
  );
  assert.equal([min, max, count], [-20, 80, 1000]);
  assert.equal([limits[0]!.toFixed(6), limits[29]], ['-16.666667', 80]);
  assert.ok(Math.abs(sum - 13524.459978222847) < 1e-6);
  assert.ok(Math.abs(sumOfSquares - 1092553.3866835104) < 1e-6);
});

test('equal values are counted in one bucket, and there are as many buckets as always', () => {
  const { counts, limits, min, max } = histogramOf(new Float32Array(5).fill(2))!;
  assert.is(counts.length, 30);
  assert.is(limits.length, 30);
  assert.equal(
    counts.filter((of) => of > 0),
    [5],
  );
  assert.equal([min, max, limits[29]], [2, 2, 2.5]);
});

test('values that are not finite have no histogram: its limits would not be numbers', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    assert.is(histogramOf(Float32Array.of(1, value, 2)), null, String(value));
  const largest = 3.4028234663852886e38;
  assert.is(histogramOf(Float32Array.of(-largest, largest))!.max, largest);
});

test.run();
