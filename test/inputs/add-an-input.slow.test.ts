/**
 * The recipe "Add an input" of src/README.md does what it says: a file, a network, their lines in the tables, and tests; a copy of
 * the repository with them learns texts from the command line.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfRepository, recipeOf, runIn, testsPass, touchedBy } from '../docs/recipes.js';
import { newFolder, writeFiles } from '../finetune/support.js';

const recipe = recipeOf('Add an input');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is a file, a network, their lines in three tables, and tests', () => {
  assert.equal(touchedBy(recipe), [
    ['src/inputs/text/text-row.ts', 'new'],
    ['src/inputs/index.ts', 3],
    ['src/models/byte-counts.ts', 'new'],
    ['src/models/names.ts', 1],
    ['src/models/families.ts', 2],
    ['test/models/network.test.ts', 1],
    ['test/inputs/text/text.test.ts', 'new'],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  testsPass(copy, recipe);
});

test('the program knows texts by their files, learns them, and answers for them', () => {
  const data = newFolder();
  const texts = Array.from({ length: 24 }, (_, i) => [
    `${i % 2 ? 'low' : 'high'}/${i}.txt`,
    (i % 2 ? 'abc' : 'xyz').repeat(10 + i),
  ]);
  writeFiles(data, Object.fromEntries(texts));
  const out = join(copy, 'run');
  const attune = (...args: string[]) =>
    runIn(copy, process.execPath, ['src/cli/attune.mjs', ...args, '--device', 'cpu', '--threads', '1']);
  assert.match(
    attune('finetune', data, '--epochs', '40', '--batch-size', '8', '--out', out),
    /model +byte-counts, weights none/,
  );
  assert.ok(existsSync(join(out, 'report.html')));
  assert.match(attune('evaluate', out, data), /accuracy +100\.0 %/);
  assert.match(attune('predict', out, join(data, 'low/1.txt')), /^.*1\.txt\n +[\d.]+ % +low\n/);
});

test.run();
