/** Histograms of weights and gradients: as many buckets of one width as tf.summary.histogram makes where none is said. */
import type { Histogram } from '../../formats/index.js';

const BUCKETS = 30;

/**
 * Counts values, at least one, in buckets from the least to the largest; of equal ones, from half below to half above.
 * Null where one is not finite, as the gradients of a step that mixed precision has left out: readers take no such limits.
 */
export function histogramOf(values: ArrayLike<number>): Histogram | null {
  let min = values[0];
  let max = values[0];
  let sum = 0;
  let sumOfSquares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < min) min = value;
    else if (value > max) max = value;
    sum += value;
    sumOfSquares += value * value;
  }
  // Squares of float32 are far from what a double cannot hold.
  if (!Number.isFinite(sumOfSquares)) return null;
  const [from, to] = min === max ? [min - 0.5, max + 0.5] : [min, max];
  const perBucket = BUCKETS / (to - from);
  const counts = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < values.length; i++) counts[((values[i] - from) * perBucket) | 0]++;
  // The largest value itself, which lies at the upper end of the last bucket.
  counts[BUCKETS - 1] += counts[BUCKETS];
  const limits = Array.from({ length: BUCKETS }, (_, i) => from + ((to - from) * (i + 1)) / BUCKETS);
  limits[BUCKETS - 1] = to;
  return {
    ...{ min, max, count: values.length, sum, sumOfSquares },
    limits,
    counts: [...counts.subarray(0, BUCKETS)],
  };
}
