/** What the files of a run tell without its images. */
import { resolveRecipe } from '#src/recipe/recipe';
import { classification } from '#src/tasks/classification';
import { bestEpochOf, isFinished } from '#src/report/run/stored-facts';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epoch, facts } from '../named-report.js';

test('the best epoch is the one whose weights training kept', () => {
  const task = classification(['a', 'b']);
  const head = [epoch(1, 0.5, 0.9, 'head'), epoch(2, 0.8, 0.6, 'head')];
  assert.is(bestEpochOf(task, [...head, epoch(1, 0.7, 0.5), epoch(2, 0.8, 0.7)]), 0);
  assert.is(
    bestEpochOf(task, [...head, epoch(1, 0.7, 0.5), epoch(2, 0.8, 0.5)]),
    2,
    'as accurate, with less loss',
  );
  assert.is(bestEpochOf(task, [{ ...epoch(1, 0, 0), val_accuracy: null, val_loss: null }]), null);
  const recipe = resolveRecipe({ data: 'd', epochs: 5, patience: 2, strategy: 'full' }, facts);
  assert.ok(!isFinished(recipe, [epoch(1, 0.5, 1), epoch(2, 0.4, 1)], 1));
  assert.ok(isFinished(recipe, [epoch(1, 0.5, 1), epoch(2, 0.4, 1), epoch(3, 0.4, 1)], 1), 'out of patience');
});

test.run();
