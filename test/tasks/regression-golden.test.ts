/** Ridge regression and the metrics of values beside scikit-learn's: see make-regression.py. */
import { readFileSync } from 'node:fs';
import { open } from '#src/engine/open';
import { featureScale, HEAD_CONVERGENCE } from '#src/tasks/heads/head-problem';
import { chooseStrength } from '#src/training/heads/l2-strength';
import { computeRegressionMetrics } from '#src/tasks/metrics/regression-metrics';
import { RidgeProblem } from '#src/tasks/heads/ridge-head';
import { minimize } from '#src/optim/lbfgs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { relativeError } from './logistic-fixture.js';

type Figures = Readonly<Record<'mse' | 'mae' | 'rmse' | 'r2', number>>;

const path = new URL('../../../test/tasks/fixtures/regression.json', import.meta.url);
const golden = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly features: number;
  readonly columns: number;
  readonly rows: readonly number[];
  readonly targets: readonly number[];
  readonly fold: readonly number[];
  readonly fits: readonly {
    readonly l2: number;
    readonly weight: readonly number[];
    readonly bias: readonly number[];
    readonly loss: number;
    readonly held_out_loss: number;
  }[];
  readonly metrics: Figures & {
    readonly values: readonly number[];
    readonly predictions: readonly number[];
    readonly per_column: readonly Figures[];
  };
};
const { columns, fold } = golden;
const targets = Float32Array.from(golden.targets);
const set = {
  values: Float32Array.from(golden.rows),
  labels: new Int32Array(fold.length),
  length: golden.features,
};
const scale = featureScale(set);

for (const { l2, weight, bias, loss } of golden.fits) {
  test(`the ridge head of strength ${l2} is scikit-learn's, to 1e-4 in float32 and 1e-6 in float64`, async () => {
    for (const precision of ['float32', 'float64'] as const) {
      const device = await open('cpu', { precision });
      const problem = new RidgeProblem(device, set, targets, scale, columns);
      const evaluate = async (point: Float64Array) => (await problem.evaluate([point], l2))[0]!;
      const exact = { maxIterations: 2000, gradientTolerance: 1e-11, valueTolerance: 0 };
      const options = precision === 'float64' ? exact : HEAD_CONVERGENCE;
      const { point } = await minimize(evaluate, new Float64Array(problem.size), options);
      const found = problem.head(point);
      const { dataLoss, predicted } = await evaluate(point);
      await device.close();
      assert.is(predicted.length, targets.length, 'a value for each row and column');
      const errors = [
        relativeError(found.weight, weight),
        relativeError(found.bias, bias),
        Math.abs(dataLoss - loss),
      ];
      const limit = precision === 'float64' ? 1e-6 : 1e-4;
      assert.ok(Math.max(...errors) <= limit, `${precision}: ${errors}`);
    }
  });
}

test("the cross-validated losses are scikit-learn's, and the best strength wins", async () => {
  const device = await open('cpu');
  const strengths = golden.fits.map(({ l2 }) => l2).toReversed();
  const problem = new RidgeProblem(device, set, targets, scale, columns, 5);
  const { heldOutLosses, l2 } = await chooseStrength(problem, strengths, fold, () => undefined);
  await device.close();
  for (const { l2: strength, held_out_loss } of golden.fits) {
    const found = heldOutLosses[strengths.indexOf(strength)];
    if (found === undefined) continue; // the path ended before
    assert.ok(Math.abs(found - held_out_loss) < 0.01, `${strength}: ${found} beside ${held_out_loss}`);
  }
  assert.is(heldOutLosses[strengths.indexOf(l2)], Math.min(...heldOutLosses));
});

test('rows weigh in the loss what they are said to weigh', async () => {
  const device = await open('cpu', { precision: 'float64' });
  const weights = Float64Array.from(fold, (_, row) => (row < 10 ? 2 : 1));
  const doubled = [...fold.keys(), ...Array.from({ length: 10 }, (_, row) => row)];
  const repeated = {
    values: Float32Array.from(
      doubled.flatMap((row) => golden.rows.slice(row * set.length, (row + 1) * set.length)),
    ),
    labels: new Int32Array(doubled.length),
    length: set.length,
  };
  const repeatedTargets = Float32Array.from(
    doubled.flatMap((row) => golden.targets.slice(row * columns, (row + 1) * columns)),
  );
  const weighted = new RidgeProblem(device, { ...set, weights }, targets, scale, columns);
  const twice = new RidgeProblem(device, repeated, repeatedTargets, scale, columns);
  const point = Float64Array.from({ length: weighted.size }, (_, i) => Math.sin(i));
  const [a, b] = [(await weighted.evaluate([point], 0.1))[0]!, (await twice.evaluate([point], 0.1))[0]!];
  await device.close();
  assert.ok(Math.abs(a.value - b.value) < 1e-9 * b.value, `${a.value} beside ${b.value}`);
  assert.ok(relativeError(a.gradient, b.gradient) < 1e-9);
});

test("metrics of two columns are scikit-learn's", () => {
  const { metrics } = golden;
  const described = [
    { name: 'small', mean: 7, deviation: 3 },
    { name: 'large', mean: 1e4, deviation: 2000 },
  ];
  const found = computeRegressionMetrics(metrics.predictions, metrics.values, described);
  const close = (a: number | null, b: number, what: string) =>
    assert.ok(Math.abs(Number(a) - b) <= 1e-12 * Math.abs(b), `${what}: ${a} beside ${b}`);
  for (const key of ['mse', 'mae', 'rmse', 'r2'] as const) {
    close(found[key], metrics[key], key);
    for (const [c, column] of found.per_column.entries()) {
      close(column[key], metrics.per_column[c]![key], `${key} of ${c}`);
    }
  }
  const [small, large] = metrics.per_column;
  close(found.loss, (small!.mse / 9 + large!.mse / 4e6) / 2, 'loss');
  assert.equal(
    found.per_column.map(({ column }) => column),
    ['small', 'large'],
  );
});

test('metrics of no images are null, and so is the share of a variance that is not there', () => {
  const column = [{ name: 'a', mean: 0, deviation: 1 }];
  const none = computeRegressionMetrics([], [], column);
  assert.equal(none, { images: 0, loss: null, mse: null, mae: null, rmse: null, r2: null, per_column: [] });
  const one = computeRegressionMetrics([2], [3], column);
  assert.equal([one.mse, one.r2, one.per_column[0]!.r2], [1, null, null]);
});

test.run();
