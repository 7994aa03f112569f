/** Samples on the host as batches: rows are those of the samples, with the partner of each before it where that is asked. */
import { type HostBatch, rowsOf, stack } from '#src/inputs/host-batch';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const sample = (i: number) => ({ ids: Int32Array.of(i, i + 10), share: Float32Array.of(i / 2) });
const batch: HostBatch = {
  ...stack([0, 1, 2, 3].map(sample)),
  steps: [[{ a: 0 }], [{ a: 1 }], [{ a: 2 }], [{ a: 3 }]],
};

test('arrays of samples are put one after another, each with its own type', () => {
  assert.is(batch.size, 4);
  assert.equal(batch.arrays, {
    ids: Int32Array.of(0, 10, 1, 11, 2, 12, 3, 13),
    share: Float32Array.of(0, 0.5, 1, 1.5),
  });
  assert.equal(stack([]), { size: 0, arrays: {} });
});

test('samples of other lengths make no batch', () => {
  assert.throws(
    () => stack([sample(1), { ...sample(2), ids: Int32Array.of(1) }]),
    /sample 1 has 1 elements in ids, not 2/,
  );
  assert.throws(() => stack([sample(1), { ids: Int32Array.of(1, 2) }]), /undefined elements in share/);
});

test('rows of a batch share its memory, and have the steps of their samples', () => {
  const { size, arrays, steps } = rowsOf(batch, 1, 3);
  assert.is(size, 2);
  assert.equal(arrays, { ids: Int32Array.of(1, 11, 2, 12), share: Float32Array.of(0.5, 1) });
  assert.is(arrays.ids!.buffer, batch.arrays.ids!.buffer);
  assert.equal(steps, [[{ a: 1 }], [{ a: 2 }]]);
  const { steps: _, ...plain } = batch;
  assert.not.ok('steps' in rowsOf(plain, 0, 1));
});

test('a partner stands before its sample; that of the first is the last', () => {
  const inside = rowsOf(batch, 2, 4, true);
  assert.is(inside.size, 3);
  assert.equal(inside.arrays.ids, Int32Array.of(1, 11, 2, 12, 3, 13));
  assert.equal(inside.steps, [[{ a: 1 }], [{ a: 2 }], [{ a: 3 }]]);
  const first = rowsOf(batch, 0, 2, true);
  assert.equal(first.arrays.ids, Int32Array.of(3, 13, 0, 10, 1, 11));
  assert.equal(first.arrays.share, Float32Array.of(1.5, 0, 0.5));
  assert.equal(first.steps, [[{ a: 3 }], [{ a: 0 }], [{ a: 1 }]]);
});

test.run();
