/** Edit distances against hand-counted ones, and which guesses are worth making. */

import { editDistance, nearest } from '#src/nearest';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const distances: [string, string, number][] = [
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abc', 0],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
  ['epcohs', 'epochs', 1],
  ['resnet5o', 'resnet50', 1],
  // Not 2: a swapped pair is not edited again, which is what "optimal string alignment" restricts.
  ['ca', 'abc', 3],
];

for (const [a, b, expected] of distances) {
  test(`${a || '(empty)'} -> ${b || '(empty)'}: ${expected}`, () => {
    assert.is(editDistance(a, b), expected);
    assert.is(editDistance(b, a), expected);
  });
}

const models = ['resnet18', 'resnet34', 'resnet50', 'resnet50-v2'];

test('the nearest name wins, whatever its case', () => {
  assert.is(nearest('resnet5o', models), 'resnet50');
  assert.is(nearest('ResNet34', models), 'resnet34');
  assert.is(nearest('resnet-50-v2', models), 'resnet50-v2');
  assert.is(nearest('rsenet18', models), 'resnet18');
});

test('no guess when nothing is near', () => {
  assert.is(nearest('mobilenet', models), undefined);
  assert.is(nearest('', models), undefined);
  assert.is(nearest('resnet50', []), undefined);
  assert.is(nearest('~', ['t', 'ab']), undefined);
  assert.is(nearest('T', ['t']), 't');
});

test.run();
