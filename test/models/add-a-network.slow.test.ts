/**
 * The recipe "Add a network" of src/README.md does what it says: the file of a family, its name and its line in the table, and its
 * tests; a copy of the repository with them trains it from the command line.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfRepository, recipeOf, runIn, testsPass, touchedBy } from '../docs/recipes.js';
import { imageFolderOf } from '../finetune/support.js';

const recipe = recipeOf('Add a network');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is a file, its name, its two lines in the table, and its tests', () => {
  assert.equal(touchedBy(recipe), [
    ['src/models/plain-small.ts', 'new'],
    ['src/models/names.ts', 1],
    ['src/models/families.ts', 2],
    ['test/models/network.test.ts', 1],
    ['test/models/plain-small.test.ts', 'new'],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  testsPass(copy, recipe);
});

test('the program trains it, and tells its files from those of others', () => {
  const data = imageFolderOf(['ant', 'bee'], 6);
  const out = join(copy, 'run');
  const attune = (...args: string[]) => runIn(copy, process.execPath, ['src/cli/attune.mjs', ...args]);
  const small = ['--model', 'plain-small', '--weights', 'none', '--epochs', '1', '--batch-size', '4'];
  attune('finetune', data, ...small, '--device', 'cpu', '--threads', '1', '--no-tensorboard', '--out', out);
  assert.match(attune('inspect', join(out, 'best.safetensors')), /architecture +plain-small/);
});

test.run();
