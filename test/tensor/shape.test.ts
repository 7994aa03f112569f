/** Shapes: sizes, strides, broadcasting, axes. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertShape,
  broadcastShapes,
  broadcastStrides,
  normalizeAxis,
  sameShape,
  sizeOf,
  stridesOf,
} from '#src/tensor/shape';
import { assertThrows } from '../ops/support.js';

test('sizes and strides', () => {
  assert.is(sizeOf([]), 1);
  assert.is(sizeOf([3, 0, 2]), 0);
  assert.equal(stridesOf([2, 3, 4]), [12, 4, 1]);
  assert.equal(stridesOf([]), []);
  assert.ok(sameShape([1, 2], [1, 2]));
  assert.not.ok(sameShape([1, 2], [2]));
});

test('broadcasting aligns at the end and takes sizes of 1', async () => {
  assert.equal(broadcastShapes('x', [3, 1], [4]), [3, 4]);
  assert.equal(broadcastShapes('x', [], [2, 0]), [2, 0]);
  assert.equal(broadcastShapes('x', [1], [0]), [0]);
  assert.equal(broadcastStrides([3, 1], [2, 3, 4]), [0, 1, 0]);
  await assertThrows(
    () => broadcastShapes('add', [2, 3], [2]),
    'shape',
    /shapes \[2, 3\] and \[2\] do not broadcast together \(add\): .* not 3 and 2: reshape/,
  );
});

test('broadcasting does not care about the order of its operands', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 });
  const tried = (a: number[], b: number[]) => {
    try {
      return broadcastShapes('x', a, b);
    } catch {
      return null;
    }
  };
  fc.assert(
    fc.property(sizes, sizes, (a, b) => {
      const shape = tried(a, b);
      assert.equal(shape, tried(b, a));
      if (shape === null) return;
      assert.equal(tried(a, shape), shape, 'a operand broadcasts to the result');
      assert.is(broadcastStrides(a, shape).length, shape.length);
    }),
    { seed: 1 },
  );
});

test('axes count from either end', async () => {
  assert.equal(
    [0, 2, -1, -3].map((axis) => normalizeAxis('sum', axis, 3)),
    [0, 2, 2, 0],
  );
  for (const axis of [3, -4, 0.5, Number.NaN]) {
    await assertThrows(
      () => normalizeAxis('sum', axis, 3),
      'shape',
      /axis .* does not exist in a tensor of 3 dimensions \(sum\)/,
    );
  }
});

test('a shape has at most six whole sizes', async () => {
  assertShape('x', [1, 2, 3, 4, 5, 0]);
  await assertThrows(() => assertShape('x', [1, 1, 1, 1, 1, 1, 1]), 'shape', /has 7 dimensions; at most 6/);
  for (const size of [-1, 0.5, Number.NaN])
    await assertThrows(() => assertShape('x', [size]), 'shape', /is not a shape/);
});

test.run();
