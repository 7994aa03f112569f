/** Measures as data: which of two epochs is better, records, and what is read back of them. */
import {
  bestSchema,
  isBetter,
  LOSS,
  type Measure,
  measureText,
  trainRecord,
  valRecord,
} from '#src/tasks/index';
import * as v from 'valibot';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const measure = (key: string, better: 'higher' | 'lower'): Measure => ({
  ...{ key, name: key, better, format: 'percent' },
  of: () => null,
});
const ACCURACY = measure('accuracy', 'higher');
const ERROR = measure('error', 'lower');

test('the first measure by which two epochs differ decides, in its own direction', () => {
  const ranking = [ACCURACY, LOSS];
  const best = { epoch: 1, val_loss: 0.5, val_accuracy: 0.8 };
  const better = (accuracy: number | null, loss: number | null) =>
    isBetter(ranking, { loss, values: { accuracy } }, best);
  assert.ok(better(0.9, 0.6), 'more of what is better higher');
  assert.not.ok(better(0.7, 0.1), 'less of it, whatever the loss');
  assert.ok(better(0.8, 0.4), 'the same, with less loss');
  assert.not.ok(better(0.8, 0.5), 'the same of both');
  assert.not.ok(better(0.8, null), 'no loss is no less');
  assert.not.ok(better(null, 0.1), 'nothing is known');
  assert.ok(isBetter([ERROR], { loss: 1, values: { error: 2 } }, { epoch: 1, val_loss: 1, val_error: 3 }));
});

test('any score is better than none, and one that says nothing is better than nothing', () => {
  assert.ok(isBetter([LOSS], { loss: 9, values: {} }, null));
  assert.not.ok(isBetter([LOSS], { loss: null, values: {} }, null));
  assert.ok(isBetter([ACCURACY], { loss: 1, values: { accuracy: 0 } }, { epoch: 1, val_loss: 1 }));
});

test('records have the keys of the measures, known or not', () => {
  const measures = { epoch: [ACCURACY, ERROR], training: [ERROR], fold: [], ranking: [], rightShare: null };
  const score = { loss: 1, values: { accuracy: 0.5, other: 3 } };
  assert.equal(valRecord(measures, score), { val_accuracy: 0.5, val_error: null });
  assert.equal(valRecord(measures, null), { val_accuracy: null, val_error: null });
  assert.equal(trainRecord(measures, { error: 2 }), { train_error: 2 });
});

test('a stored best may have any measure, and no other field', () => {
  const best = { epoch: 2, val_loss: 0.5 };
  const parses = (more: object) => v.safeParse(bestSchema, { ...best, ...more }).success;
  assert.ok(parses({ val_accuracy: 0.5, val_iou: null }));
  assert.not.ok(parses({ accuracy: 0.5 }), 'the key of no record');
  assert.not.ok(parses({ val_accuracy: 'high' }), 'no number');
  assert.not.ok(parses({ val_accuracy: Number.POSITIVE_INFINITY }));
  assert.not.ok(parses({ 'val_a b': 1 }));
  assert.not.ok(parses({ temperature: 0 }), 'a temperature divides');
  assert.not.ok(parses(JSON.parse('{"__proto__":{"a":1}}')), 'the prototype');
  assert.not.ok(parses({ constructor: 'x' }));
  assert.match(v.safeParse(bestSchema, { ...best, accuracy: 1 }).issues?.[0].message ?? '', /accuracy/);
  assert.not.ok(v.safeParse(bestSchema, [best]).success, 'a list');
});

test('what is stored keeps the order of its keys', () => {
  const best = { epoch: 2, val_accuracy: 0.5, val_loss: 0.5, interval: [0.1, 0.9], temperature: 1 };
  assert.is(JSON.stringify(v.parse(bestSchema, best)), JSON.stringify(best));
  const issue = v.safeParse(bestSchema, { ...best, val_loss: 'low' }).issues?.[0];
  assert.is(issue && v.getDotPath(issue), 'val_loss');
});

test('figures are written as their measure says', () => {
  assert.is(measureText('percent', 0.931), '93.1 %');
  assert.is(measureText('measured', 1234567), '1235000');
  assert.is(measureText({ decimals: 3 }, 0.12345), '0.123');
  for (const format of ['percent', 'measured', { decimals: 3 }] as const)
    assert.is(measureText(format, null), '-');
});

test.run();
