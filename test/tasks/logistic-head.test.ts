/** The logistic head against PyTorch's optimum, its gradient against differences, and its speed. */
import { open } from '#src/engine/open';
import { featureScale, HEAD_CONVERGENCE } from '#src/tasks/heads/head-problem';
import { chooseStrength } from '#src/training/heads/l2-strength';
import { LOGISTIC_STRENGTHS, LogisticProblem } from '#src/tasks/heads/logistic-head';
import { minimize } from '#src/optim/lbfgs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, fixtureSet, relativeError } from './logistic-fixture.js';
import { randomNumbers } from '../finetune/support.js';

const { classes, fold } = fixture;
const set = fixtureSet;
/** As chooseStrength minimises. */
const FOLDS = { maxIterations: 50, gradientTolerance: 1e-5, valueTolerance: 1e-4 };
const EXACT = { maxIterations: 2000, gradientTolerance: 1e-10, valueTolerance: 0 };

async function withDevice<T>(
  precision: 'float32' | 'float64',
  body: (device: Device) => Promise<T>,
): Promise<T> {
  const device = await open('cpu', { precision });
  try {
    return await body(device);
  } finally {
    await device.close();
  }
}

type Device = Awaited<ReturnType<typeof open>>;

/** The strength for the fixture, by its five folds. */
async function strengthOf(device: Device, onProgress: (done: number) => void) {
  const problem = new LogisticProblem(device, set, featureScale(set), classes, 5);
  const choice = await chooseStrength(problem, LOGISTIC_STRENGTHS, fold, onProgress);
  problem.close();
  return choice;
}

for (const { l2, weight, bias, loss } of fixture.fits) {
  test(`the head of strength ${l2} is PyTorch's, to 1e-4 in float32 and 1e-6 in float64`, async () => {
    for (const precision of ['float32', 'float64'] as const) {
      await withDevice(precision, async (device) => {
        const problem = new LogisticProblem(device, set, featureScale(set), classes);
        const evaluate = async (point: Float64Array) => (await problem.evaluate([point], l2))[0]!;
        const options = precision === 'float64' ? EXACT : HEAD_CONVERGENCE;
        const { point } = await minimize(evaluate, new Float64Array(problem.size), options);
        const found = problem.head(point);
        const reached = (await evaluate(point)).dataLoss;
        problem.close();
        const errors = [
          relativeError(found.weight, weight),
          relativeError(found.bias, bias),
          Math.abs(reached - loss),
        ];
        console.log(
          `# l2 ${l2}, ${precision}: weights, biases, loss differ by ${errors.map((e) => e.toExponential(1))}`,
        );
        // The head itself is stored in float32, and PyTorch's is within 1e-6 of the optimum.
        const limit = precision === 'float64' ? 1e-6 : 1e-4;
        assert.ok(Math.max(...errors) <= limit, `${precision}: ${errors}`);
      });
    }
  });
}

test('a class that weighs three times as much counts as if its images were there three times', async () => {
  await withDevice('float64', async (device) => {
    const { length, labels, values } = set;
    const rows = Array.from(labels, (label, row) => (label === 1 ? [row, row, row] : [row])).flat();
    const repeated = {
      values: Float32Array.from(
        rows.flatMap((row) => [...values.subarray(row * length, (row + 1) * length)]),
      ),
      labels: Int32Array.from(rows, (row) => labels[row]!),
      length,
    };
    const weighted = { ...set, weights: labels.map((label) => (label === 1 ? 3 : 1)) };
    const results = [];
    for (const rowsOf of [weighted, repeated]) {
      const problem = new LogisticProblem(device, rowsOf, featureScale(set), classes);
      const point = Float64Array.from({ length: problem.size }, (_, i) => Math.sin(i));
      results.push((await problem.evaluate([point], 0.1))[0]!);
      problem.close();
    }
    assert.ok(Math.abs(results[0]!.value - results[1]!.value) < 1e-12);
    assert.ok(relativeError(results[0]!.gradient, results[1]!.gradient) < 1e-12);
  });
});

test('the gradient is that of the value, for every problem at once and the rows it counts', async () => {
  await withDevice('float64', async (device) => {
    const problem = new LogisticProblem(device, set, featureScale(set), classes, 2);
    problem.select((row, p) => row % 3 !== p);
    const random = randomNumbers(1);
    const points = [0, 1].map(() => Float64Array.from({ length: problem.size }, () => random() - 0.5));
    const at = await problem.evaluate(points, 0.3);
    const step = 1e-5;
    for (let i = 0; i < problem.size; i += 4) {
      const moved = async (by: number) =>
        problem.evaluate(
          points.map((point) => point.map((value, j) => (j === i ? value + by : value))),
          0.3,
        );
      const [above, below] = [await moved(step), await moved(-step)];
      for (const p of [0, 1]) {
        const slope = (above[p]!.value - below[p]!.value) / (2 * step);
        assert.ok(Math.abs(slope - at[p]!.gradient[i]!) < 1e-8, `unknown ${i} of problem ${p}`);
      }
    }
    problem.close();
  });
});

test('folds fitted side by side equal separate fits, for every strength', async () => {
  await withDevice('float64', async (device) => {
    const done: number[] = [];
    const choice = await strengthOf(device, (count) => done.push(count));
    const separate: number[] = [];
    const problem = new LogisticProblem(device, set, featureScale(set), classes);
    let points: Float64Array[] = [0, 1, 2, 3, 4].map(() => new Float64Array(problem.size));
    for (const l2 of LOGISTIC_STRENGTHS.slice(0, choice.heldOutLosses.length)) {
      let total = 0;
      const next: Float64Array[] = [];
      for (const [f, start] of points.entries()) {
        problem.select((row) => fold[row] !== f);
        const evaluate = async (point: Float64Array) => (await problem.evaluate([point], l2))[0]!;
        const { point } = await minimize(evaluate, start, FOLDS);
        problem.select((row) => fold[row] === f);
        total += (await problem.evaluate([point], 0))[0]!.dataLoss;
        next.push(point);
      }
      points = next;
      separate.push(total / points.length);
    }
    problem.close();
    assert.equal(
      done,
      Array.from({ length: done.length }, (_, i) => i + 1),
    );
    assert.ok(
      relativeError(choice.heldOutLosses, separate) < 1e-9,
      `${choice.heldOutLosses} beside ${separate}`,
    );
    assert.is(choice.l2, LOGISTIC_STRENGTHS[separate.indexOf(Math.min(...separate))]);
  });
});

test("the cross-validated losses are PyTorch's, and the best strength wins", async () => {
  await withDevice('float32', async (device) => {
    const { heldOutLosses, l2 } = await strengthOf(device, () => undefined);
    for (const { l2: strength, held_out_loss } of fixture.fits) {
      const found = heldOutLosses[LOGISTIC_STRENGTHS.indexOf(strength)];
      if (found === undefined) continue; // the path ended before
      assert.ok(Math.abs(found - held_out_loss) < 0.01, `${strength}: ${found} beside ${held_out_loss}`);
    }
    assert.is(heldOutLosses[LOGISTIC_STRENGTHS.indexOf(l2)], Math.min(...heldOutLosses));
  });
});

test('a feature that never changes in training weighs nothing, whatever it is later', () => {
  const rows = 50;
  const constant = Float32Array.from({ length: rows }, () => 0.1);
  const { deviation } = featureScale({ values: constant, labels: new Int32Array(rows), length: 1 });
  assert.is(deviation[0], 1, 'rounding is no deviation');
  const zeros = featureScale({ values: new Float32Array(rows), labels: new Int32Array(rows), length: 1 });
  assert.is(zeros.deviation[0], 1);
});

test('a feature of any size that does change is standardised', () => {
  const values = Float32Array.of(1e-12, 3e-12);
  const { mean, deviation } = featureScale({ values, labels: new Int32Array(2), length: 1 });
  assert.ok(relativeError(mean, [2e-12]) < 1e-6 && relativeError(deviation, [1e-12]) < 1e-6);
});

test('25 head epochs on 2,000 cached features of length 2,048 take seconds', async () => {
  const random = randomNumbers(3);
  const length = 2048;
  const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 10);
  const values = new Float32Array(labels.length * length);
  for (let i = 0; i < values.length; i++) {
    const label = labels[Math.floor(i / length)]!;
    values[i] = random() + ((i % length) % 10 === label ? 0.05 : 0);
  }
  await withDevice('float32', async (device) => {
    const started = performance.now();
    const large = { values, labels, length };
    const problem = new LogisticProblem(device, large, featureScale(large), 10);
    const evaluate = async (point: Float64Array) => (await problem.evaluate([point], 1e-4))[0]!;
    const result = await minimize(evaluate, new Float64Array(problem.size), {
      maxIterations: 25,
      gradientTolerance: 0,
      valueTolerance: 0,
    });
    problem.close();
    const seconds = (performance.now() - started) / 1000;
    console.log(`# 25 head epochs on 2,000 x 2,048 features, 10 classes: ${seconds.toFixed(1)} s`);
    assert.is(result.iterations, 25);
    assert.ok(seconds < 20, `${seconds} s`);
  });
});

test.run();
