/** Which columns of a CSV file hold several labels a sample, and how their fields are read. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataSet } from '#src/runs/data/data-set';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch } from '../inputs/support.js';

/** The data set of these rows, beside an empty file for each. */
const read = (
  header: string,
  rows: readonly string[],
  body: (data: Awaited<ReturnType<typeof readDataSet>>) => void,
  label: string | null = null,
) =>
  inScratch(async (folder) => {
    mkdirSync(folder, { recursive: true });
    for (const [i] of rows.entries()) writeFileSync(join(folder, `${i}.png`), '');
    const path = join(folder, 'table.csv');
    writeFileSync(path, `${[header, ...rows.map((row, i) => `${i}.png,${row}`)].join('\n')}\n`);
    body(await readDataSet(path, { val: null, label, target: null }));
  });

test('fields are split at semicolons; spaces, copies and empty labels do not count', () =>
  read(
    'image,labels',
    ['dog; cat', ' cat;cat;', '', ';', 'e\u0301t\u00e9;dog'],
    ({ train, taskFor, note }) => {
      const task = taskFor(train);
      assert.is(task.info.kind, 'multi-label');
      assert.equal(task.names, ['cat', 'dog', '\u00e9t\u00e9']);
      assert.equal(
        train.map(({ values, label }) => [label, values]),
        [[0, 1], [0], [], [], [1, 2]].map((values) => [0, values]),
      );
      assert.is(note, 'Column labels holds 3 labels, several labels a picture: multi-label.');
    },
  ));

test('the column that is called label is it, whatever others hold', async () => {
  const rows = ['ant,small;black', 'bee,yellow;loud', 'ant,small'];
  await read('image,label,notes', rows, ({ train, taskFor, note }) => {
    assert.is(taskFor(train).info.kind, 'classification');
    assert.match(note!, /Not used: notes\.$/);
  });
  await read(
    'image,species,tags',
    rows,
    ({ train, taskFor, learnt }) => {
      assert.equal(taskFor(train).names, ['black', 'loud', 'small', 'yellow']);
      assert.equal(learnt, { label: 'tags', target: null });
    },
    'tags',
  );
  await read('image,kind,labels', rows, ({ train, taskFor, note }) => {
    assert.is(taskFor(train).info.kind, 'multi-label');
    assert.match(note!, /multi-label\. Not used: kind\.$/);
  });
  await fails(
    read('image,species,tags', rows, () => {}),
    'data',
    /^several columns could be what is to be learnt/,
  );
});

test('one label on each line is a classification, and a label that only validation has is refused', async () => {
  await read('image,labels', ['ant', 'bee', 'ant'], ({ train, taskFor }) =>
    assert.is(taskFor(train).info.kind, 'classification'),
  );
  await fails(
    read('image,split,labels', ['train,ant;bee', 'train,', 'val,ant;bea'], () => {}),
    'data',
    /^line 4, column labels: training has no label "bea" .*did you mean bee\?$/,
  );
  await fails(
    read('image,split,labels', ['train,', 'val,ant;bee'], () => {}),
    'data',
    /^the column labels names no label in the rows that train/,
  );
});

test.run();
