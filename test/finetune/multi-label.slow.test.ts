/** Several labels a picture: runs that are interrupted, folds, and columns that are named. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crossValidate, evaluate, finetune, resume } from '#src/finetune/index';
import { report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted } from './full-support.js';
import { colouredData } from './labels-of-pictures.js';
import { fails, smallRun } from './support.js';

const data = colouredData(32);
const others = colouredData(16, 100);

test('a column of several labels can be named; one label a line is a classification', async () => {
  const named = join(data.folder, 'named.csv');
  const lines = readFileSync(data.csv, 'utf8').trim().split('\n').slice(1);
  const rows = lines.map((line, i) => `${line},${i % 2 === 0 ? 'odd' : 'even'}`);
  writeFileSync(named, `image,colours,kind\n${rows.join('\n')}\n`);
  const options = await smallRun(named, { strategy: 'probe', label: 'colours' });
  const { task, classes } = await finetune<'multi-label'>(options);
  assert.equal([task, classes], ['multi-label', ['blue', 'green', 'red']]);
  await fails(finetune(await smallRun(named)), 'data', /^several columns could be what is to be learnt/);
});

test('a run that was interrupted goes on as if it had not been, with mixup, too', async () => {
  const more = { val: others.csv, optimizer: 'adamw', lr: 1e-3, mixup: 0.2 } as const;
  const whole = await finetune<'multi-label'>(fullRun(data.csv, more));
  const stopped = await interrupted(3, fullRun(data.csv, more));
  await resume({ resume: stopped.run });
  await assertSameRuns(stopped.run, whole.run);
  assert.ok(whole.epochs.every(({ train_loss }) => train_loss !== null));
});

test('folds are measured by labels, and their report is written', async () => {
  const options = await smallRun(data.csv, { strategy: 'probe' });
  const result = await crossValidate({ ...options, folds: 2 });
  assert.is(result.task, 'multi-label');
  const { report: path } = await report({ run: result.run, device: 'cpu', workers: 1 });
  assert.match(readFileSync(path, 'utf8'), /mean average precision/i);
});

test('views of a picture are averaged by their probabilities', async () => {
  const { run } = await finetune<'multi-label'>(await smallRun(data.csv, { strategy: 'probe' }));
  const found = await evaluate<'multi-label'>({ run, data: others.csv, tta: 'flip', device: 'cpu' });
  assert.ok(found.mean_average_precision! > 0.9);
});

test.run();
