/** Numbers of the beta distribution: their moments, and both ends of alpha. */
import { symmetricBeta } from '#src/tensor/beta';
import { uniformSource } from '#src/tensor/philox';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const COUNT = 20_000;

for (const alpha of [0.05, 0.2, 1, 4, 50]) {
  test(`Beta(${alpha}, ${alpha}) has the mean 1/2 and the variance 1 / (4 (2 alpha + 1))`, () => {
    const draw = uniformSource(7, 99, Math.round(100 * alpha));
    const numbers = Array.from({ length: COUNT }, () => symmetricBeta(alpha, draw));
    assert.ok(numbers.every((x) => x >= 0 && x <= 1));
    const mean = numbers.reduce((sum, x) => sum + x, 0) / COUNT;
    const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / COUNT;
    const expected = 1 / (4 * (2 * alpha + 1));
    assert.ok(Math.abs(mean - 0.5) < 4 * Math.sqrt(expected / COUNT), `mean ${mean}`);
    assert.ok(Math.abs(variance / expected - 1) < 0.05, `variance ${variance}, not ${expected}`);
  });
}

test('Beta(1, 1) is uniform, and Beta(1/2, 1/2) the arcsine law', () => {
  const draw = uniformSource(8, 99, 0);
  for (const [alpha, distribution] of [
    [1, (x: number) => x],
    [0.5, (x: number) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
  ] as const) {
    const numbers = Float64Array.from({ length: COUNT }, () => symmetricBeta(alpha, draw)).sort();
    const gap = numbers.reduce(
      (most, x, i) => Math.max(most, Math.abs(distribution(x) - (i + 0.5) / COUNT)),
      0,
    );
    // Kolmogorov and Smirnov: more in one of a thousand cases.
    assert.ok(gap < 1.95 / Math.sqrt(COUNT), `alpha ${alpha}: ${gap}`);
  }
});

test('a tiny alpha gives 0 or 1, never no number', () => {
  const draw = uniformSource(9, 99, 0);
  const numbers = Array.from({ length: 200 }, () => symmetricBeta(1e-6, draw));
  assert.ok(numbers.every((x) => x < 1e-9 || x > 1 - 1e-9));
});

test.run();
