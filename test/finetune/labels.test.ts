/** Labels in a CSV file: found as class folders are, and asked for by flags and recipes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { advise, finetune, type FinetuneOptions, previewSchedule } from '#src/finetune/index';
import { planRun } from '#src/finetune/run/prepare-run';
import { findImages, splitOf } from '#src/runs/data/training-data';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun } from './full-support.js';
import { guessed, sameInBoth } from './labels-support.js';
import { countOf, fails, imageFolderOf, listener, newFolder } from './support.js';

const data = sameInBoth();
const CSV = { images: data.images, label: 'kind' };

test('what is guessed is said, and stands in the recipe', async () => {
  const { given, only, note } = guessed();
  const { found, given: asked, resolved } = await planRun(fullRun(only, given));
  assert.equal([found.note, asked.label, resolved.label], [note, undefined, 'kind']);
  const { steps_per_epoch } = await previewSchedule({
    data: only,
    ...given,
    strategy: 'full',
    batchSize: 8,
  });
  assert.is(steps_per_epoch, 2);
});

test('folds cut a CSV file as they cut class folders', async () => {
  const folder = imageFolderOf(['ant', 'bee'], 6);
  const csv = join(folder, 'labels.csv');
  const lines = ['ant', 'bee'].flatMap((kind) =>
    Array.from({ length: 6 }, (_, i) => `${kind}/${kind}-${i}.png,${kind}`),
  );
  writeFileSync(csv, `image,kind\n${lines.toReversed().join('\n')}\n`);
  const cut = async (path: string) => {
    const { train, val, root: _, ...rest } = await findImages(path, splitOf({ folds: 3, fold: 2 }));
    assert.is(rest.isSplit, false);
    return [train, val];
  };
  assert.equal(await cut(csv), await cut(folder));
  await fails(
    findImages(csv, splitOf({ folds: 7, fold: 1 })),
    'usage',
    /^7 folds need as many samples of each class, and the smallest has 6/,
  );
});

test('which column is asked for, by a flag or a recipe, and not by both kinds', async () => {
  const refused = async (options: FinetuneOptions, words: RegExp) => {
    const context = listener();
    await fails(finetune(options, context), 'usage', words);
    assert.is(countOf(context.events, 'reading images'), 0);
  };
  await refused(
    fullRun(data.csv, { ...CSV, target: ['number'] }),
    /^a run learns labels or values, and --label names a column, too \(--target\)/,
  );
  await refused(
    fullRun(data.folder, { label: 'kind' }),
    /^this is for a CSV file, and the data is in class folders \(--label\)/,
  );
  await refused(
    fullRun(data.csv, { images: data.images, target: ['number'], labelSmoothing: 0.1 }),
    /^this is for classes, and values are learnt \(number\) \(--label-smoothing\): .*--label$/,
  );
  const recipe = join(newFolder(), 'numbers.json');
  writeFileSync(recipe, '{ "target": ["number"], "made_by": {} }');
  const { resolved } = await planRun(fullRun(data.csv, { ...CSV, recipe }));
  assert.equal([resolved.label, resolved.target], ['kind', null]);
  const values = await planRun(fullRun(data.csv, { images: data.images, recipe }));
  assert.equal([values.resolved.label, values.resolved.target], [null, ['number']]);
  // Of a run of values, the recipe of the rest can be used with class folders.
  assert.is((await planRun(fullRun(data.folder, { recipe }))).resolved.target, null);
  await fails(
    advise({ path: data.folder, label: 'kind', features: false }),
    'usage',
    /^this is for a CSV file, .*\(--label\)/,
  );
  await fails(
    findImages(data.csv, splitOf({ images: data.images })),
    'data',
    /^several columns could be what is to be learnt: kind \(2 different texts\), number \(2 different whole numbers\)/,
  );
});

test.run();
