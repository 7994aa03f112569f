/**
 * The recipe "Add a task" of src/README.md does what it says: a file in each of three tables with its line, and a test; a copy of
 * the repository with them learns directions from the command line, and tells them.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfRepository, recipeOf, runIn, testsPass, touchedBy } from '../docs/recipes.js';
import { brightnessData } from '../finetune/regression-support.js';

const recipe = recipeOf('Add a task');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is a file and a line beside its imports in each of three tables, and a test', () => {
  assert.equal(touchedBy(recipe), [
    ['src/tasks/angle.ts', 'new'],
    ['src/cli/tasks/angle.ts', 'new'],
    ['src/report/tasks/angle.ts', 'new'],
    ['src/tasks/index.ts', 3],
    ['src/cli/tasks/index.ts', 2],
    ['src/report/tasks/index.ts', 2],
    ['test/tasks/angle.test.ts', 'new'],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  testsPass(copy, recipe);
});

test('the program learns directions, tells them in degrees, and writes a report of them', () => {
  const { csv, folder } = brightnessData(20);
  const [, ...rows] = readFileSync(csv, 'utf8').trim().split('\n');
  const images = rows.map((row) => row.split(',')[0]!);
  const data = join(folder, 'angles.csv');
  writeFileSync(data, `image,heading\n${images.map((image, i) => `${image},${(i * 50) % 360}°`).join('\n')}`);
  const out = join(copy, 'run');
  const attune = (...args: string[]) =>
    runIn(copy, process.execPath, ['src/cli/attune.mjs', ...args, '--device', 'cpu', '--threads', '1']);
  const small = ['--model', 'resnet-small', '--weights', 'none', '--epochs', '1', '--batch-size', '8'];
  assert.match(attune('finetune', data, ...small, '--out', out), /validation +off by [\d.]+° on average/);
  assert.match(readFileSync(join(out, 'report.html'), 'utf8'), /the direction .*heading/);
  assert.match(attune('evaluate', out, data, '--split', 'all'), /error +off by [\d.]+° on average/);
  assert.match(attune('predict', out, join(folder, images[0]!)), /[\d.]+° +heading/);
});

test.run();
