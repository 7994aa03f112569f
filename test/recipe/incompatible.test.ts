/** Parts of a recipe that do not go together are refused, by the flag's name, before an image is read. */
import { join } from 'node:path';
import { advise, type FinetuneOptions, finetune, previewAugment, previewSchedule } from '#src/finetune/index';
import { findImages } from '#src/runs/data/training-data';
import { FULL_STAGE_FIELDS, flagOf, type RecipeField } from '#src/recipe/recipe-schema';
import { SCHEDULE_FIELDS, schedulesWith } from '#src/recipe/schedule';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLASSES, fullRun } from '../finetune/full-support.js';
import { PARTS } from '../finetune/recipe-parts.js';
import { fails, listener, newFolder, writeFiles } from '../finetune/support.js';

/** None of them is an image: whoever reads one fails in another way. */
const data = newFolder();
for (const part of ['train', 'val']) {
  const names = CLASSES.flatMap((name) => Array.from({ length: 12 }, (_, i) => `${name}/${i}.png`));
  writeFiles(join(data, part), Object.fromEntries(names.map((name) => [name, 'no image'])));
}

async function refused(given: Partial<FinetuneOptions>, flag: string, words = /./): Promise<void> {
  const { epochs: _, batchSize: __, ...probe } = fullRun(data, { strategy: 'probe' });
  const options = given.strategy === 'probe' ? { ...probe, ...given } : fullRun(data, given);
  const context = listener();
  const error = await fails(finetune(options, context), 'usage', words);
  assert.is(error.where, flag, error.message);
  const progress = context.events.filter(({ type }) => type === 'progress');
  assert.equal(progress, [], `${JSON.stringify(given)}: nothing is read`);
}

const optionOf = (field: string) =>
  field.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof FinetuneOptions;

test('a probe takes nothing of the full stage', async () => {
  const inFull = new Map(FULL_STAGE_FIELDS.map((field) => [optionOf(field), field]));
  let count = 0;
  for (const levels of Object.values(PARTS)) {
    for (const [option, value] of Object.values(levels).flatMap((level) => Object.entries(level))) {
      const field = inFull.get(option as keyof FinetuneOptions);
      if (field === undefined || option === 'strategy' || value === 'multi-step') continue;
      await refused({ strategy: 'probe', [option]: value }, flagOf(field));
      count++;
    }
  }
  assert.ok(count > 30, `${count}`);
});

test('a schedule takes its own settings and no others', async () => {
  const values: Partial<Record<RecipeField, unknown>> = {
    milestones: [1],
    gamma: 0.5,
    peak: 0.3,
    peak_momentum: 0.5,
  };
  const fields = new Set(Object.values(SCHEDULE_FIELDS).flat());
  for (const field of fields) {
    for (const schedule of Object.keys(SCHEDULE_FIELDS)) {
      if (schedulesWith(field).includes(schedule)) continue;
      const milestones = schedule === 'multi-step' ? { milestones: [1] } : {};
      const options = { schedule, ...milestones, [optionOf(field)]: values[field] ?? 2 };
      await refused(options, flagOf(field), new RegExp(`the schedule ${schedule} takes no such setting`));
    }
  }
});

const OTHERS: readonly [Partial<FinetuneOptions>, flag: string][] = [
  [{ strategy: 'full', headEpochs: 3 }, '--head-epochs'],
  [{ strategy: 'full', unfreezeEpochs: 3 }, '--unfreeze-epochs'],
  [{ strategy: 'gradual', epochs: 3 }, '--epochs'],
  [{ strategy: 'gradual', epochs: 4, unfreezeEpochs: 2 }, '--epochs'],
  [{ strategy: 'gradual', epochs: 4, trainFrom: 'layer3' }, '--train-from'],
  [{ optimizer: 'adam', momentum: 0.8 }, '--momentum'],
  [{ optimizer: 'adamw', nesterov: true }, '--nesterov'],
  [{ optimizer: 'sgd', momentum: 0, nesterov: true }, '--nesterov'],
  [{ l2Sp: 0.1 }, '--l2-sp'],
  [{ batchSize: 1, mixup: 0.2 }, '--mixup'],
  [{ batchSize: 1, cutmix: 1 }, '--cutmix'],
  [{ sampling: 'balanced', classWeights: 'balanced' }, '--class-weights'],
  [{ batchSize: 4, microBatch: 8 }, '--micro-batch'],
  [{ schedule: 'multi-step' }, '--milestones'],
  [{ schedule: 'multi-step', milestones: [2], epochs: 2 }, '--milestones'],
  [{ schedule: 'one-cycle', momentum: 0.8, peakMomentum: 0.9 }, '--peak-momentum'],
  [{ data: join(data, 'train'), valSplit: 0, schedule: 'plateau' }, '--schedule'],
  [{ data: join(data, 'train'), valSplit: 0, patience: 2 }, '--patience'],
];

for (const [options, flag] of OTHERS) {
  const words = Object.entries(options).filter(([name]) => name !== 'data');
  test(`${words.map(([name, value]) => `${name} ${value}`).join(', ')}`, async () => {
    await refused(options, flag);
  });
}

test('a share to split off, where the data set says itself which images validate', async () => {
  const words = /^the data set says by its validation folder what validates, .* leave it out$/;
  await refused({ valSplit: 0.3 }, '--val-split', words);
  await fails(previewSchedule({ data, strategy: 'full', valSplit: 0.3 }), 'usage', words);
  await fails(previewAugment({ data, valSplit: 0.3 }), 'usage', words);
  await fails(advise({ path: data, valSplit: 0.3, features: false }), 'usage', words);
  const csv = join(data, 'values.csv');
  const file = (part: string) => [
    'image,a,split',
    'train/ant/0.png,1,train',
    'train/ant/1.png,2,train',
    'train/ant/3.png,4,train',
    `train/ant/2.png,3,${part}`,
  ];
  writeFiles(data, { 'values.csv': file('val').join('\n') });
  await refused({ data: csv, valSplit: 0.3 }, '--val-split', /^the data set says by its column split/);
  // One that names none to validate with leaves that to the share.
  writeFiles(data, { 'values.csv': file('test').join('\n') });
  assert.is((await findImages(csv, { val: null, valSplit: 0.3, seed: 1 })).val.length, 1);
});

test.run();
