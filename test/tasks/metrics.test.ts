/** Metrics against numbers worked out by hand. */
import { computeMetrics, wilsonInterval } from '#src/tasks/metrics/metrics';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

function close(found: number | null, expected: number, tolerance = 1e-6): void {
  assert.ok(found !== null && Math.abs(found - expected) <= tolerance, `${found} beside ${expected}`);
}

/** Logits that predict `predicted` of `count` classes. */
function sure(predicted: readonly number[], count: number): number[] {
  return predicted.flatMap((p) => Array.from({ length: count }, (_, c) => (c === p ? 5 : 0)));
}

test('the Wilson interval of 8 in 10, of none and of all', () => {
  // R: prop.test(8, 10, correct = FALSE)$conf.int
  const [low, high] = wilsonInterval(8, 10);
  close(low, 0.4901625, 1e-6);
  close(high, 0.9433178, 1e-6);
  // For no success the upper end is z^2 / (n + z^2), for n successes the lower is n / (n + z^2); z^2 = 3.8414588.
  const none = wilsonInterval(0, 20);
  assert.is(none[0], 0);
  close(none[1], 3.8414588 / 23.8414588);
  const all = wilsonInterval(20, 20);
  close(all[0], 20 / 23.8414588);
  assert.is(all[1], 1);
});

test('accuracy, confusion, precision, recall and F1', () => {
  const labels = [0, 0, 0, 1, 1, 2];
  const predicted = [0, 0, 1, 1, 0, 1];
  const { accuracy, images, confusion, per_class, interval, classes } = computeMetrics(
    sure(predicted, 3),
    labels,
    ['a', 'b', 'c'],
  );
  assert.is(images, 6);
  close(accuracy, 3 / 6);
  assert.equal(interval, wilsonInterval(3, 6));
  // Rows are the true classes.
  assert.equal(confusion, [
    [2, 1, 0],
    [1, 1, 0],
    [0, 1, 0],
  ]);
  assert.equal(classes, ['a', 'b', 'c']);
  const [a, b, c] = per_class;
  assert.equal(a, { class: 'a', precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 });
  assert.is(b!.precision, 1 / 3);
  assert.is(b!.recall, 1 / 2);
  close(b!.f1, 0.4);
  // Never predicted: no precision; it has support, so the recall is 0.
  assert.equal(c, { class: 'c', precision: null, recall: 0, f1: null, support: 1 });
});

test('a class without images has no recall, one that is always wrong has F1 0', () => {
  const { per_class } = computeMetrics(sure([1, 0], 3), [0, 1], ['a', 'b', 'c']);
  assert.equal(per_class[0], { class: 'a', precision: 0, recall: 0, f1: 0, support: 1 });
  assert.equal(per_class[2], { class: 'c', precision: null, recall: null, f1: null, support: 0 });
});

test('the loss is the mean cross-entropy, also where exp overflows', () => {
  const logits = [0, Math.log(3), 1000, 0];
  const { loss } = computeMetrics(logits, [0, 0], ['a', 'b']);
  close(loss, (Math.log(4) + 0) / 2);
  close(computeMetrics([1000, 0], [1], ['a', 'b']).loss, 1000);
});

test('top-5 counts a label among the five largest, and is absent below five classes', () => {
  const classes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const row = [7, 6, 5, 4, 3, 2, 1];
  const { top5_accuracy } = computeMetrics([...row, ...row, ...row], [0, 4, 5], classes);
  close(top5_accuracy, 2 / 3);
  assert.is(computeMetrics(sure([0], 4), [0], classes.slice(0, 4)).top5_accuracy, null);
  assert.is(computeMetrics(sure([0], 5), [4], classes.slice(0, 5)).top5_accuracy, 1);
});

test('equal logits do not count as right', () => {
  const classes = Array.from({ length: 10 }, (_, i) => String(i));
  assert.is(computeMetrics(new Float32Array(10), [9], classes).top5_accuracy, 0);
});

test('nothing is known about no images', () => {
  const { images, loss, accuracy, interval, top5_accuracy, confusion } = computeMetrics([], [], ['a', 'b']);
  assert.equal([images, loss, accuracy, interval, top5_accuracy], [0, null, null, null, null]);
  assert.equal(confusion, [
    [0, 0],
    [0, 0],
  ]);
});

test.run();
