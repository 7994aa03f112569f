/** A cross-validation of the full stage: stopped inside its second fold, it goes on inside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossValidate, resumeFolds } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun } from './full-support.js';
import { imageFolderOf } from './support.js';

test('stopped between two batches of a fold, it comes to what it would have come to', async () => {
  const data = imageFolderOf(['ant', 'bee'], 8);
  const options = () => ({ ...fullRun(data, { threads: 1 }), folds: 2 });
  const whole = await crossValidate(options());
  const controller = new AbortController();
  let steps = 0;
  const stopped = await crossValidate(options(), {
    signal: controller.signal,
    onEvent(event) {
      // One batch of 8 in each of two epochs of the first fold; the third step is in the second.
      if (event.type === 'progress' && event.task.startsWith('epoch') && ++steps === 3) controller.abort();
    },
  });
  assert.ok(stopped.interrupted && stopped.results.length === 1);
  const resumed = await resumeFolds({ resume: stopped.run, threads: 1 });
  assert.equal(
    resumed.results.map(({ metrics }) => metrics),
    whole.results.map(({ metrics }) => metrics),
  );
});

test('what is named beside --resume holds for the fold that goes on, and for those behind it', async () => {
  const controller = new AbortController();
  const options = { ...fullRun(imageFolderOf(['ant', 'bee'], 8)), epochs: 1, folds: 2 };
  const stopped = await crossValidate(options, {
    signal: controller.signal,
    onEvent(event) {
      if (event.type === 'progress' && event.task.startsWith('epoch')) controller.abort();
    },
  });
  assert.is(stopped.results.length, 0);
  await resumeFolds({ resume: stopped.run, threads: 1, onExplosion: 'retry', checkpointMinutes: 3 });
  for (const fold of ['fold-1', 'fold-2']) {
    const recipe = JSON.parse(readFileSync(join(stopped.run, fold, 'recipe.json'), 'utf8'));
    assert.equal([recipe.on_explosion, recipe.checkpoint_minutes], ['retry', 3], fold);
  }
});

test.run();
