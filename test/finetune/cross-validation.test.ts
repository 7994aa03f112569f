/** Cross-validation: every image validates once, features are computed once, and what was stopped goes on. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CrossValidationResult,
  crossValidate,
  evaluate,
  finetune,
  foldsOf,
  isCrossValidation,
  resumeFolds,
} from '#src/finetune/index';
import { measuresOf } from '#src/finetune/cross-validation';
import type { FullStage } from '#src/training/step/stage-context';
import { reportSteps } from '#src/training/step-report';
import type { StepReport } from '#src/training/trainer';
import { gatherFolds } from '#src/report/gather/gather-folds';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smallData } from './full-support.js';
import { brightnessData } from './regression-support.js';
import {
  fails,
  imageFolderOf,
  listener,
  newFolder,
  newPath,
  pictures,
  smallRun,
  writeFiles,
} from './support.js';

const data = imageFolderOf(['cat', 'dog', 'owl'], 6);
writeFiles(data, pictures(['cat'], 2, 100));
const options = async (more = {}) => ({
  ...(await smallRun(data, { strategy: 'probe', head: 'prototypes', ...more })),
  folds: 3,
});
const withoutRuns = ({ results }: CrossValidationResult) => results.map(({ run: _, ...result }) => result);

let whole: CrossValidationResult;

test('every image validates once, and is judged by a network that has not seen it', async () => {
  const context = listener();
  whole = await crossValidate(await options(), context);
  assert.equal(
    whole.results.map(({ fold, train_images, val_images }) => [fold, train_images, val_images]),
    [1, 2, 3].map((fold) => {
      const images = whole.results[fold - 1]!.val_images;
      return [fold, 20 - images, images];
    }),
  );
  assert.equal(whole.results.map(({ val_images }) => val_images).sort(), [6, 7, 7]);
  assert.is(whole.pooled.images, 20);
  const validated = whole.results.flatMap(({ run }) => {
    assert.ok(existsSync(join(run, 'best.safetensors')));
    const { folds, fold } = JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8'));
    return [`${fold} of ${folds}`];
  });
  assert.equal(validated, ['1 of 3', '2 of 3', '3 of 3']);
  // The trunk ran over each image once.
  const computed = context.events.flatMap((event) =>
    event.type === 'progress' && event.task.startsWith('features') && event.done === event.total
      ? [event.done]
      : [],
  );
  assert.is(
    computed.reduce((sum, images) => sum + images, 0),
    20,
  );
});

test('mean and deviation are those of the folds', () => {
  const losses = whole.results.map(({ metrics }) => metrics.loss!);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / 3;
  assert.ok(Math.abs(whole.mean.loss! - mean) < 1e-12);
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 2;
  assert.ok(Math.abs(whole.sd.loss! - Math.sqrt(variance)) < 1e-12);
  const right = whole.results.reduce(
    (sum, { metrics, val_images }) => sum + metrics.accuracy! * val_images,
    0,
  );
  assert.ok(Math.abs(whole.pooled.accuracy! - right / 20) < 1e-12);
});

test('one fold by itself is the run that it was among the others', async () => {
  const { validation, images } = await finetune({ ...(await options()), fold: 2 });
  assert.is(validation!.loss, whole.results[1]!.metrics.loss);
  assert.is(images.val, whole.results[1]!.val_images);
  const again = await finetune({
    ...{ data, recipe: join(whole.results[1]!.run, 'recipe.json'), out: newPath() },
  });
  assert.is(again.validation!.loss, validation!.loss, 'its recipe makes it again');
});

test('stopped in its second fold, it goes on with that and comes to the same', async () => {
  const controller = new AbortController();
  const stopped = await crossValidate(await options(), {
    signal: controller.signal,
    onEvent: (event) => event.type === 'note' && event.text === 'Fold 2 of 3.' && controller.abort(),
  });
  assert.ok(stopped.interrupted && stopped.results.length === 1);
  assert.ok(await isCrossValidation(stopped.run));
  writeFiles(data, pictures(['owl'], 1, 200));
  await fails(resumeFolds({ resume: stopped.run }), 'data', /^files were added or are gone/);
  rmSync(join(data, 'owl/owl-200.png'));
  const context = listener();
  const resumed = await resumeFolds({ resume: stopped.run }, context);
  assert.not(resumed.interrupted);
  assert.equal(withoutRuns(resumed), withoutRuns(whole));
  const told = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.is(told[0], 'Fold 2 of 3.');
  await fails(resumeFolds({ resume: stopped.run }), 'input', /^nothing is left to do: all 3 folds are done/);
  const file = join(stopped.run, 'folds.json');
  for (const damaged of ['{', readFileSync(file, 'utf8').replace('"fold": 1', '"fold": 9')]) {
    writeFileSync(file, damaged);
    await fails(resumeFolds({ resume: stopped.run }), 'input', /the folds that are done is damaged/);
  }
});

test('what no fold could read or uses is named', async () => {
  const folder = newFolder();
  writeFiles(join(folder, 'train'), pictures(['cat', 'dog'], 20));
  writeFiles(join(folder, 'test'), pictures(['cat', 'dog'], 1, 90));
  writeFiles(join(folder, 'train/cat'), { 'broken.png': 'no picture' });
  const given = { ...(await options()), data: folder, folds: 2, out: newPath() };
  const { skipped, run } = await crossValidate(given);
  assert.is(skipped.length, 2);
  const reasonOf = (name: string) => skipped.find(({ path }) => path === join(folder, name))?.reason ?? '';
  assert.match(reasonOf('train/cat/broken.png'), /looks like something else/);
  assert.match(reasonOf('test'), /^2 test samples, which folds do not use/);
  assert.equal(JSON.parse(readFileSync(join(run, 'folds.json'), 'utf8')).skipped, skipped);
  const { data } = await gatherFolds(run, { run, evaluate: false }, {});
  assert.equal(
    data.skipped.map(({ reason }) => reason),
    skipped.map(({ reason }) => reason),
  );
  assert.is(data.images.train + data.images.val, 40);
  await fails(
    evaluate({ run, data: folder }),
    'input',
    /a network for each fold: name one, such as .*fold-1$/,
  );
});

test('folds of values have their errors and R², with the spread', async () => {
  const { csv } = brightnessData(8);
  const { head: _, ...given } = await options();
  const values = { ...given, data: csv, target: ['lux'] };
  const result = await crossValidate({ ...values, folds: 2, out: newPath() });
  assert.is(result.task, 'regression');
  assert.equal(
    result.results.map(({ train_images, val_images }) => [train_images, val_images]),
    [
      [4, 4],
      [4, 4],
    ],
  );
  const [maes, r2s] = (['mae', 'r2'] as const).map((name) =>
    result.results.map(({ metrics }) => metrics[name]!),
  );
  assert.equal(Object.keys(result.mean), ['loss', 'mae', 'rmse', 'r2']);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value / 2, 0);
  assert.ok(Math.abs(result.mean.mae! - mean(maes)) < 1e-9 && Math.abs(result.mean.r2! - mean(r2s)) < 1e-9);
  assert.ok(result.sd.mae! > 0);
  assert.equal(result.pooled, { images: 8, accuracy: null, interval: null });
  // Of columns in different units there is no mean error.
  const error = { column: 'lux', mse: 4, mae: 1, rmse: 2, r2: 0.5 };
  const report = { images: 8, loss: 0.5, ...error, per_column: [error, { ...error, column: 'kelvin' }] };
  assert.equal(measuresOf('regression', report), { loss: 0.5, mae: null, rmse: null, r2: 0.5 });
  assert.is(measuresOf('regression', { ...report, per_column: [error] }).mae, 1);
  await fails(
    crossValidate({ ...given, data: csv, folds: 9, out: newPath() }),
    'usage',
    /^9 folds need as many samples, and there are 8 \(--folds\)/,
  );
});

test('the time that is told of a fold is that of the fold', () => {
  for (const [fold, words] of [
    [2, 'Less than a minute for this fold.'],
    [null, 'Less than a minute in all.'],
  ] as const) {
    const { events, onEvent } = listener();
    const recipe = { fold, epochs: 2, strategy: 'full' };
    const report = reportSteps({ state: { recipe }, onEvent } as unknown as FullStage);
    const measured = { loss: null, accuracy: null, imagesPerSecond: null };
    for (let batch = 1; batch <= 3; batch++)
      report({ epoch: 1, batch, batches: 4, ...measured } as StepReport);
    assert.equal(
      events.flatMap((event) => (event.type === 'note' ? [event.text] : [])),
      [words],
    );
  }
});

test('the recipe of a cross-validation is one of a cross-validation', async () => {
  const recipe = join(whole.run, 'recipe.json');
  assert.is(await foldsOf({ data, recipe }), 3);
  assert.is(await foldsOf({ data, recipe, folds: 4 }), 4);
  assert.is(await foldsOf({ data, recipe, fold: 1 }), null);
  assert.is(await foldsOf({ data, recipe: join(whole.results[0]!.run, 'recipe.json') }), null);
  assert.is(await foldsOf({ data }), null);
});

test('folds that cannot be are refused before an image is opened, and leave no folder', async () => {
  const refused = async (more: object, words: RegExp) => {
    const context = listener();
    const given = { ...(await options()), ...more };
    await fails(crossValidate(given, context), 'usage', words);
    assert.equal(context.events, []);
    assert.not.ok(existsSync(given.out!));
  };
  await refused(
    { folds: 7 },
    /^7 folds need as many samples of each class, and the smallest has 6 \(--folds\): give 6 at most, or/,
  );
  await refused({ valSplit: 0.5 }, /comes from --folds, so none are split off \(--val-split\)/);
  await refused(
    { data: smallData() },
    /there is validation data of its own \(--folds\): .*name the folder of training data: .*train$/,
  );
  await fails(finetune(await options()), 'usage', /a single run has one of the folds \(--folds\)/);
  const { folds: _, ...single } = await options();
  await fails(finetune({ ...single, fold: 1 }), 'usage', /there is no --folds \(--fold\)/);
  await fails(
    finetune({ ...single, folds: 3, fold: 4 }),
    'usage',
    /there are 3 folds \(--fold\): give one of 1 to 3/,
  );
  const missing = await options({ weights: join(data, 'none.pth') });
  await fails(crossValidate(missing), 'input', /none\.pth/);
  assert.not.ok(existsSync(missing.out!));
});

test.run();
