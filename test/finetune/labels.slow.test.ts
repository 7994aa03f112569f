/** Labels in a CSV file: whatever is done with them is done as with class folders. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  advise,
  crossValidate,
  evaluate,
  finetune,
  findRate,
  previewAugment,
  resume,
} from '#src/finetune/index';
import { report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, interrupted, readTensors } from './full-support.js';
import { guessed, sameInBoth } from './labels-support.js';
import { listener, newFolder, smallRun } from './support.js';

const data = sameInBoth();
const CSV = { images: data.images, label: 'kind' };

test('a run of a CSV file has the weights of the run of class folders', async () => {
  const ofFolder = await finetune(fullRun(data.folder));
  const ofFile = await finetune(fullRun(data.csv, CSV));
  assert.equal(ofFile.classes, ['ant', 'bee']);
  assert.equal([ofFile.best, ofFile.test], [ofFolder.best, ofFolder.test]);
  assert.equal(await readTensors(ofFile.checkpoints.best), await readTensors(ofFolder.checkpoints.best));
  const { label, target } = JSON.parse(readFileSync(join(ofFile.run, 'recipe.json'), 'utf8'));
  assert.equal([label, target], ['kind', null]);
  // The column is known to whoever evaluates, and the part that no run is trained with.
  const { accuracy, split, left_out, trained_on } = await evaluate({
    run: ofFile.run,
    data: data.csv,
    images: data.images,
    device: 'cpu',
  });
  assert.equal([accuracy, split, trained_on], [ofFile.test!.accuracy, 'test', 0]);
  assert.equal(left_out, { train: 16, val: 6, test: 0 });
  await report({ run: ofFile.run, device: 'cpu' });
  assert.match(readFileSync(join(ofFile.run, 'report.html'), 'utf8'), /by the column split/);
});

test('a run of a CSV file goes on after an interruption', async () => {
  const stopped = await interrupted(3, fullRun(data.csv, CSV));
  const { classes, interrupted: again } = await resume({ resume: stopped.run });
  assert.equal([classes, again], [['ant', 'bee'], false]);
});

test('what is guessed is said by every command that reads the file', async () => {
  const { given, only, note } = guessed();
  const says = async (work: (context: ReturnType<typeof listener>) => Promise<unknown>) => {
    const context = listener();
    await work(context);
    const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    assert.ok(notes.includes(note), notes.join('\n'));
  };
  await says((context) =>
    advise({ path: only, ...given, features: false, device: 'cpu', workers: 1 }, context),
  );
  await says((context) => previewAugment({ data: only, ...given, count: 1, views: 1, workers: 1 }, context));
  await says(async (context) => {
    const { out: _, ...options } = await smallRun(only, { ...given, strategy: 'full' });
    return findRate({ ...options, iterations: 2 }, context);
  });
});

test('a cross-validation of a CSV file is one of classes', async () => {
  const options = await smallRun(data.csv, { ...CSV, strategy: 'probe', headEpochs: 2 });
  const noVal = join(newFolder(), 'train.csv');
  const lines = readFileSync(data.csv, 'utf8').split('\n');
  writeFileSync(noVal, lines.filter((line) => !line.includes(',val,')).join('\n'));
  const { results, task } = await crossValidate({ ...options, data: noVal, folds: 2 });
  assert.equal(
    [task, ...results.map(({ train_images, val_images }) => [train_images, val_images])],
    ['classification', [8, 8], [8, 8]],
  );
});

test.run();
