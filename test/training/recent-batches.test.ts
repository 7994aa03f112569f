/** The images of a step that has ended are overwritten: no step that goes on may still need them. */
import type { EpochBatch } from '#src/inputs/index';
import { RecentBatches } from '#src/training/step/recent-batches';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// That no step needs them, by whole runs: recent-batches.slow.test.ts.
test('the last three steps are known: a failure is read with the results of the next, when one more has begun', () => {
  const recent = new RecentBatches();
  const batches = Array.from(
    { length: 9 },
    (_, step) => ({ arrays: { images: Uint8Array.of(step) } }) as unknown as EpochBatch,
  );
  for (const [step, batch] of batches.entries()) recent.add(step, batch);
  for (const step of [6, 7, 8]) {
    assert.is(recent.get(step), batches[step]);
    assert.not.ok(recent.spare.includes(batches[step].arrays.images));
  }
  assert.is(recent.get(0), undefined, 'what is kept does not grow');
  assert.ok(recent.spare.length < 6);
});

test.run();
