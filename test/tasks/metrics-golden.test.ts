/** Metrics beside scikit-learn's, and temperatures beside SciPy's: see make-metrics.py. */
import { readFileSync } from 'node:fs';
import { fitTemperature, limitText } from '#src/tasks/metrics/calibration';
import { type AverageMetrics, computeMetrics, regressionMetrics } from '#src/finetune/index';
import { rocAuc, topKAccuracy } from '#src/tasks/metrics/scores';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface Classification {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly logits: readonly number[];
  readonly accuracy: number;
  readonly loss: number;
  readonly top_k: readonly { readonly k: number; readonly accuracy: number }[];
  readonly balanced_accuracy: number;
  readonly macro: AverageMetrics;
  readonly weighted: AverageMetrics;
  readonly auc: number;
  readonly brier: number;
  readonly error: number;
  readonly temperature: number;
  readonly scaled_loss: number;
  readonly scaled_error: number;
}

interface Absent {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  readonly balanced_accuracy: number;
  readonly macro: AverageMetrics;
  readonly weighted: AverageMetrics;
}

const path = new URL('../../../test/tasks/fixtures/metrics.json', import.meta.url);
const { classification, absent, regression } = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly absent: readonly Absent[];
  readonly classification: readonly Classification[];
  readonly regression: Readonly<Record<'mse' | 'mae' | 'r2', number>> & {
    readonly targets: readonly number[];
    readonly predictions: readonly number[];
  };
};

function close(found: number | null | undefined, expected: number, what: string, tolerance = 1e-12): void {
  assert.ok(Math.abs(Number(found) - expected) <= tolerance, `${what}: ${found} beside ${expected}`);
}

for (const golden of classification) {
  test(`${golden.name}: what scikit-learn gives`, () => {
    const { labels, logits, classes } = golden;
    const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
    const found = computeMetrics(logits, labels, names, golden.temperature);
    for (const key of ['accuracy', 'loss', 'balanced_accuracy', 'auc', 'brier'] as const) {
      close(found[key], golden[key], key);
    }
    assert.equal(found.top_k, golden.top_k);
    for (const which of ['macro', 'weighted'] as const) {
      for (const key of ['precision', 'recall', 'f1'] as const) {
        close(found[which]?.[key], golden[which][key], `${which} ${key}`);
      }
    }
    close(found.calibration?.error, golden.error, 'calibration error');
    close(found.calibration?.scaled_error, golden.scaled_error, 'calibration error at the temperature');
    close(found.calibration?.scaled_loss, golden.scaled_loss, 'loss at the temperature');
    // A minimum is found to the root of the precision of its value.
    close(fitTemperature({ scores: logits, labels, classes }), golden.temperature, 'temperature', 1e-5);
  });
}

for (const golden of absent) {
  test(`${golden.name}: averages as scikit-learn gives them`, () => {
    const { labels, predicted, classes } = golden;
    const logits = predicted.flatMap((p) => Array.from({ length: classes }, (_, c) => (c === p ? 5 : 0)));
    const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
    const found = computeMetrics(logits, labels, names);
    close(found.balanced_accuracy, golden.balanced_accuracy, 'balanced accuracy');
    for (const which of ['macro', 'weighted'] as const) {
      for (const key of ['precision', 'recall', 'f1'] as const) {
        close(found[which]?.[key], golden[which][key], `${which} ${key}`);
      }
    }
  });
}

test('regression: what scikit-learn gives', () => {
  const { targets, predictions } = regression;
  const found = regressionMetrics(predictions, targets);
  for (const key of ['mse', 'mae', 'r2'] as const) close(found[key], regression[key], key);
  assert.is(regressionMetrics([1, 2], [3, 3]).r2, null, 'targets that do not vary');
});

test('images that are all right make answers as sure as their number allows, however large the logits are', () => {
  for (const images of [2, 20, 1000]) {
    for (const margin of [0.5, 3, 20]) {
      const labels = Array.from({ length: images }, (_, i) => i % 2);
      const scores = labels.flatMap((label) => (label === 0 ? [margin, 0] : [0, margin]));
      const temperature = fitTemperature({ scores, labels, classes: 2 })!;
      const sure = 1 / (1 + Math.exp(-margin / temperature));
      close(sure, (images + 1) / (images + 2), `${images} images, logits ${margin} apart`, 1e-9);
    }
  }
});

test('why answers are no surer is told where all images are right', () => {
  assert.is(
    limitText(20, 1),
    '20 validated answers, all right: answers as clear as theirs are called 95.5 % sure, and only more data could show more',
  );
  assert.match(limitText(1, 1)!, / 67 % sure/);
  assert.match(limitText(5000, 1)!, / 99\.980 % sure/);
  assert.is(limitText(20, 0.95), null);
  assert.is(limitText(0, null), null);
});

test('a temperature for images that are all wrong, for logits that differ by nothing, or for nothing to tell', () => {
  const of = (scores: number[], labels: number[], classes = 2) => fitTemperature({ scores, labels, classes });
  close(of([3, 0, 0, 3], [1, 0]), 20, 'as unsure as may be', 0.1);
  close(of([1e-3, 0, 0, 1e-3], [0, 1]), 0.05, 'as sure as may be', 1e-3);
  assert.is(of([], []), null);
  assert.is(of([3, 4], [0, 0], 1), null);
});

test('equal logits: the first class is the prediction, and the others follow in their order', () => {
  const labels = [0, 1, 2, 3];
  const found = computeMetrics(new Array<number>(16).fill(0.5), labels, ['a', 'b', 'c', 'd']);
  assert.is(found.accuracy, 1 / 4);
  assert.is(topKAccuracy({ scores: new Array<number>(16).fill(0.5), labels, classes: 4 }, 1), 1 / 4);
  assert.equal(found.top_k, [
    { k: 2, accuracy: 2 / 4 },
    { k: 3, accuracy: 3 / 4 },
  ]);
  assert.is(found.auc, 1 / 2, 'constants rank nothing');
});

test('the area under the curve: ties count half, one side alone has none', () => {
  const area = (high: number[], low: number[]) => rocAuc(Float64Array.from(high), Float64Array.from(low));
  assert.is(area([3, 2], [1, 0]), 1);
  assert.is(area([0], [1, 2]), 0);
  assert.is(area([1, 1], [1]), 0.5);
  assert.is(area([2, 1], [1, 0]), 3.5 / 4);
  assert.is(area([], [1]), null);
});

test('images that are equally likely to be of a class are ties, in whatever order the other logits stand', () => {
  for (let i = 0; i < 50; i++) {
    const [a, b, c] = [Math.sin(i), Math.sin(i + 0.3) - 1, Math.sin(i + 0.3) + 0.5];
    // Both are of class 0 with the same probability; the second is of class 1 with more than the first.
    const { auc } = computeMetrics([a, b, c, a, c, b], [0, 1], ['a', 'b', 'c']);
    assert.is(auc, (1 / 2 + 1) / 2, `logits ${a}, ${b}, ${c}`);
  }
});

test.run();
