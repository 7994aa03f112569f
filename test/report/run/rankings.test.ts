/** What of the answers is shown: images, pairs, bins and classes. */
import { computeMetrics } from '#src/tasks/metrics/metrics';
import {
  answersOf,
  classRows,
  confusedPairs,
  hitsOf,
  missesOf,
  reliabilityBins,
  spread,
  worstOf,
} from '#src/report/run/rankings';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scored } from '../named-report.js';

const answers = answersOf(scored);
const imagesOf = (some: readonly { readonly image: number }[]) => some.map(({ image }) => image);

test('images are shown by what they tell: the least likely, the surest misses, hits of each class in turn', () => {
  assert.equal(imagesOf(worstOf(answers, 3)), [0, 3, 2]);
  assert.equal(imagesOf(missesOf(answers, 9)), [3, 0]);
  assert.equal(
    imagesOf(hitsOf(answers, 9)),
    [5, 1, 4, 2],
    'the second of a class comes after the first of all',
  );
  assert.equal(
    confusedPairs(answers, 9).map(({ label, predicted, answers: of }) => [label, predicted, of.length]),
    [
      [0, 2, 1],
      [2, 1, 1],
    ],
  );
  assert.equal(spread(5, 9), [0, 1, 2, 3, 4]);
  assert.equal(spread(100, 4), [0, 25, 50, 75]);
});

test('bins of reliability add up to the calibration error of the same bins', () => {
  const logits = scored.scores.map((p) => Math.log(Math.max(p, 1e-9)));
  const { calibration } = computeMetrics(logits, scored.labels, ['a', 'b', 'c']);
  const bins = reliabilityBins(answers, 15);
  assert.is(
    bins.reduce((sum, { images }) => sum + images, 0),
    6,
  );
  const error = bins.reduce(
    (sum, { images, confidence, accuracy }) =>
      sum + (images / 6) * Math.abs((accuracy ?? 0) - (confidence ?? 0)),
    0,
  );
  assert.ok(Math.abs(error - (calibration?.error ?? 0)) < 1e-6);
});

test('classes have recall and precision with Wilson intervals; none where there is nothing to measure', () => {
  const [first] = classRows(computeMetrics(scored.scores, scored.labels, ['a', 'b', 'c']));
  assert.is(first.recall?.value, 2 / 3);
  assert.equal(
    first.recall?.interval.map((end) => Number(end.toFixed(4))),
    [0.2077, 0.9385],
  );
  assert.is(first.precision?.value, 1);
  const empty = classRows(computeMetrics([1, 0], [0], ['a', 'b']));
  assert.is(empty[1].recall, null);
  assert.is(empty[1].precision, null);
});

test.run();
