/** Weights of classes: against scikit-learn's formula, their mean, and what is refused. */
import { classWeights } from '#src/inputs/class-weights';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const labels = [0, 0, 0, 0, 0, 0, 1, 1, 2, 0]; // 7, 2 and 1 of ten

function close(actual: Float64Array, wanted: readonly number[]) {
  assert.is(actual.length, wanted.length);
  for (const [i, value] of wanted.entries()) {
    assert.ok(Math.abs(actual[i] - value) < 1e-12, `${actual} not ${wanted}`);
  }
}

test('balanced is n / (classes * count), and the same as power 1', () => {
  const wanted = [10 / 21, 10 / 6, 10 / 3];
  close(classWeights(labels, 3, 'balanced'), wanted);
  close(classWeights(Int32Array.from(labels), 3, { power: 1 }), wanted);
});

test('every power has mean 1 over the samples and keeps the ratio of the counts', () => {
  for (const power of [0, 0.25, 0.5, 1, 2]) {
    const weights = classWeights(labels, 3, { power });
    const mean = labels.reduce((sum, label) => sum + weights[label], 0) / labels.length;
    assert.ok(Math.abs(mean - 1) < 1e-12, `mean ${mean} at power ${power}`);
    assert.ok(Math.abs(weights[2] / weights[0] - 7 ** power) < 1e-9);
  }
  close(classWeights(labels, 3, { power: 0 }), [1, 1, 1]);
});

test('an empty class, a label outside and a power that makes no sense are refused', () => {
  const refused = (code: string, words: RegExp, ...call: Parameters<typeof classWeights>) =>
    assert.throws(
      () => classWeights(...call),
      (error: unknown) => error instanceof AttuneError && error.code === code && words.test(error.message),
    );
  refused('data', /class 3 has no image/, labels, 4, 'balanced');
  refused('internal', /label 2 of sample 8 is none of 2/, labels, 2, 'balanced');
  refused('internal', /label -1 /, [0, -1], 2, 'balanced');
  refused('internal', /label 0.5 /, [0, 0.5], 2, 'balanced');
  for (const power of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    refused('usage', /power of the class weights/, labels, 3, { power });
  }
});

test.run();
