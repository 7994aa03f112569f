/** Several labels a sample: figures by their formulas, the loss and its gradient, answers, and stored samples. */
import { open } from '#src/engine/open';
import { gradients, sum } from '#src/ops/index';
import { featureScale } from '#src/tasks/heads/head-problem';
import { LabelProblem, pairsOf } from '#src/tasks/heads/label-head';
import { taskOf } from '#src/tasks/index';
import { averagePrecision, computeLabelMetrics } from '#src/tasks/metrics/label-metrics';
import { multiLabel } from '#src/tasks/multi-label';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomNumbers } from '../finetune/support.js';

const close = (found: number | null, expected: number, what = '') =>
  assert.ok(found !== null && Math.abs(found - expected) < 1e-12, `${what}: ${found}, not ${expected}`);

test('average precision is scikit-learn’s: of its own example, and of ties', () => {
  close(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.5 + 0.5 * (2 / 3));
  // All scores are equal, in whatever order they come: the share of positives.
  close(averagePrecision([1, 1, 1, 1], [1, 0, 0, 0]), 0.25);
  close(averagePrecision([1, 1, 1, 1], [0, 0, 0, 1]), 0.25);
  assert.is(averagePrecision([1, 2], [0, 0]), null);
});

test('average precision is the mean over positives of the precision at their score', () => {
  const random = randomNumbers(5);
  const scores = Array.from({ length: 200 }, () => Math.round(20 * random()));
  const labels = Array.from(scores, (score) => (random() * 25 < score ? 1 : 0));
  // With ties, a positive's threshold takes all that are as high.
  const precisionAt = (least: number) => {
    const above = labels.filter((_, i) => scores[i]! >= least);
    return above.reduce<number>((all, label) => all + label, 0) / above.length;
  };
  const positives = scores.filter((_, i) => labels[i] === 1);
  const expected = positives.reduce((all, score) => all + precisionAt(score), 0) / positives.length;
  close(averagePrecision(scores, labels), expected);
});

// Three labels, four samples: [truth, logits].
const TRUTH = [1, 0, 0, /**/ 1, 1, 0, /**/ 0, 0, 0, /**/ 0, 1, 0];
const LOGITS = [2, -1, -3, /**/ -1, 3, -2, /**/ 1, -2, -1, /**/ -4, 1, -5];

test('F1 is micro and macro at one half, and a match has all labels right', () => {
  const found = computeLabelMetrics(LOGITS, TRUTH, ['a', 'b', 'c']);
  // a: 1 right, 2 given, 2 there; b: 2, 2, 2; c: never given, never there.
  assert.equal(
    found.per_class.map(({ precision, recall, f1, support }) => [precision, recall, f1, support]),
    [
      [0.5, 0.5, 0.5, 2],
      [1, 1, 1, 2],
      [null, null, null, 0],
    ],
  );
  close(found.micro_f1, (2 * 3) / (4 + 4));
  close(found.macro_f1, 0.75);
  close(found.exact_match, 0.5);
  // Of a: 2 is right, 1 is wrong, -1 is right.
  close(found.mean_average_precision, ((1 + 2 / 3) / 2 + 1) / 2);
  const loss = LOGITS.reduce((all, x, i) => {
    const p = 1 / (1 + Math.exp(-x));
    return all - (TRUTH[i] === 1 ? Math.log(p) : Math.log(1 - p)) / LOGITS.length;
  }, 0);
  assert.ok(Math.abs(found.loss! - loss) < 1e-12);
  const none = computeLabelMetrics([], [], ['a', 'b']);
  assert.equal(
    [none.images, none.loss, none.mean_average_precision, none.exact_match],
    [0, null, null, null],
  );
});

const task = multiLabel(['a', 'b', 'c']);
const image = (values: readonly number[]) => ({ path: '/x.png', name: 'x.png', label: 0, values });

test('the loss is that of the metrics, finite for any logit, and its gradient p - y, at 0, too', async () => {
  const device = await open('cpu', { precision: 'float64' });
  try {
    const logits = [0, 0, 30, /**/ 800, -800, 1];
    const targets = task.targets([image([0, 2]), image([1])]);
    const found = await device.run(() => {
      const x = tensor(logits, [2, 3], 'float32');
      const losses = task.losses(x, targets, { labelSmoothing: 0 }, null);
      return { losses, slope: gradients(sum(losses), [x])[0]! };
    });
    const slopes = logits.map((x, i) => (1 / (1 + Math.exp(-x)) - targets[i]!) / 3);
    for (const [i, slope] of slopes.entries())
      assert.ok(Math.abs(found.slope[i]! - slope) < 1e-9, `${i}: ${found.slope[i]}`);
    const rows = [0, 1].map(
      (row) =>
        computeLabelMetrics(logits.slice(3 * row, 3 * row + 3), targets.slice(3 * row, 3 * row + 3), [
          'a',
          'b',
          'c',
        ]).loss!,
    );
    for (const [i, loss] of rows.entries())
      assert.ok(Math.abs(found.losses[i]! - loss) < 1e-9 * Math.max(1, loss));
  } finally {
    await device.close();
  }
});

test('a head is fitted by the same loss, with a gradient that differences confirm', async () => {
  const device = await open('cpu', { precision: 'float64' });
  const random = randomNumbers(3);
  const set = { values: Float32Array.from({ length: 24 }, random), labels: new Int32Array(8), length: 3 };
  const labels = Array.from({ length: 16 }, () => Math.round(random()));
  const problem = new LabelProblem(device, set, pairsOf(labels), featureScale(set), 2, 2);
  try {
    problem.select((row, p) => row % 2 === p);
    const points = [0, 1].map(() => Float64Array.from({ length: problem.size }, () => random() - 0.5));
    const at = await problem.evaluate(points, 0.2);
    for (let i = 0; i < problem.size; i++) {
      const moved = async (by: number) =>
        problem.evaluate(
          points.map((point) => point.map((value, j) => (j === i ? value + by : value))),
          0.2,
        );
      const [above, below] = [await moved(1e-5), await moved(-1e-5)];
      for (const p of [0, 1]) {
        const slope = (above[p]!.value - below[p]!.value) / 2e-5;
        assert.ok(Math.abs(slope - at[p]!.gradient[i]!) < 1e-8, `unknown ${i} of problem ${p}`);
      }
    }
  } finally {
    problem.close();
    await device.close();
  }
});

test('every label has its probability, and the mean of views is that of probabilities', () => {
  const { labels, predictions } = task.answer(Float32Array.of(0, 2, -1), { top: 5, temperature: null });
  assert.equal(labels, ['b'], 'one half is not above it');
  assert.equal(
    predictions.map(({ label, index }) => [label, index]),
    [
      ['b', 1],
      ['a', 0],
      ['c', 2],
    ],
  );
  const mean = task.meanOfViews([Float32Array.of(2, -90, 0), Float32Array.of(-1, -80, 0)], null);
  const probability = (x: number) => 1 / (1 + Math.exp(-x));
  assert.ok(Math.abs(probability(mean[0]!) - (probability(2) + probability(-1)) / 2) < 1e-6);
  assert.ok(Math.abs(mean[1]! - (-80 - Math.LN2)) < 1e-3, 'none is lost');
  assert.is(task.said(Float32Array.of(1, 2, -1), null), 'b, a');
  assert.is(task.truth(image([])), 'none');
});

test('a stored sample has places of labels, ascending, each once; anything else has no answer', () => {
  for (const values of [[], [0], [0, 2], [0, 1, 2]])
    assert.ok(task.isAnswered(image(values)), String(values));
  for (const values of [[3], [-1], [1, 0], [1, 1], [0.5]]) assert.not.ok(task.isAnswered(image(values)));
  assert.not.ok(task.isAnswered({ label: 0 }));
  assert.equal(taskOf(task.info).names, ['a', 'b', 'c']);
});

test.run();
