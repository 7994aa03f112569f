/** Which input the files of a folder are of. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kindOfFolder } from '#src/inputs/index';
import { newFolder, newPath, writeFiles } from '../finetune/support.js';

/** Empty files below a new folder. */
function folderOf(names: readonly string[]): string {
  const folder = newFolder();
  writeFiles(folder, Object.fromEntries(names.map((name) => [name, ''])));
  return folder;
}

const many = (count: number, name: (i: number) => string) => Array.from({ length: count }, (_, i) => name(i));

test('most files decide, wherever they lie', async () => {
  assert.is(
    await kindOfFolder(folderOf(['a/1.png', 'a/2.jpg', 'b/c/3.webp', 'labels.csv', 'b/4.csv'])),
    'image',
  );
  assert.is(
    await kindOfFolder(folderOf(['a/1.csv', 'a/2.csv', 'b/c/3.CSV', 'chart.png', 'b/chart.png'])),
    'series',
  );
});

test('hidden files, links to files that count already, and files of no input decide nothing', async () => {
  const folder = folderOf(['a/1.csv', 'a/.2.png', '.b/3.png', 'notes.txt', 'b/readme.md']);
  symlinkSync(join(folder, 'a'), join(folder, 'again'));
  symlinkSync(folder, join(folder, 'a', 'loop'));
  assert.is(await kindOfFolder(folder), 'series');
});

test('the runs of attune decide nothing', async () => {
  const run = ['recipe.json', 'metrics.jsonl', 'report/1.png', 'report/2.png'].map((name) => `run/${name}`);
  assert.is(await kindOfFolder(folderOf(['a/1.csv', ...run])), 'series');
});

test('more than a thousand files of the first folders are enough', async () => {
  const images = many(1100, (i) => `b/${i}.png`);
  const series = many(1001, (i) => `a/${i}.csv`);
  assert.is(await kindOfFolder(folderOf([...series, ...images])), 'series');
  assert.is(await kindOfFolder(folderOf([...series.slice(1), ...images])), 'image');
});

test('a folder that is missing or cannot be read counts as empty', async () => {
  assert.is(await kindOfFolder(newPath()), 'image');
  const folder = folderOf(['b/1.csv']);
  mkdirSync(Buffer.concat([Buffer.from(`${folder}/a`), Buffer.of(0xff)]));
  assert.is(await kindOfFolder(folder), 'series');
});

test.run();
