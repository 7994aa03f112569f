/**
 * The recipe "Add an operation" of src/README.md does what it says: its patches touch one operation, one shader, one
 * line of a table and one line of the tests, and a copy of the repository with them passes the tests that it names.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { complaintsOf, copyOfRepository, recipeOf, testsPass, touchedBy } from '../docs/recipes.js';

const recipe = recipeOf('Add an operation');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is one operation, one shader, one line of a table and one line of the tests', () => {
  assert.equal(touchedBy(recipe), [
    ['src/ops/pointwise/softplus.ts', 'new'],
    ['shaders/pointwise/softplus.wgsl', 'new'],
    ['src/ops/pointwise/unary-operations.ts', 1],
    ['test/ops/pointwise/unary-cases.ts', 1],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  assert.match(testsPass(copy, recipe), /softplus\.flat, softplusGradient\.flat/);
});

test('users can import it', async () => {
  const { gradients, open, softplus, sum, tensor } = await import(
    pathToFileURL(join(copy, 'dist/index.js')).href
  );
  const device = await open('cpu');
  const [y, dy] = await device.run(() => {
    const x = tensor([0], [1]);
    const y = softplus(x);
    return [y, ...gradients(sum(y), [x])];
  });
  await device.close();
  assert.equal([...y, ...dy], [Math.fround(Math.LN2), 0.5]);
});

test('without its line for the tests it does not compile', () => {
  const cases = join(copy, 'test/ops/pointwise/unary-cases.ts');
  writeFileSync(cases, readFileSync(cases, 'utf8').replace(/^ *softplus:.*\n/m, ''));
  assert.match(complaintsOf(copy), /unary-cases\.ts.*'softplus' is missing/);
});

test.run();
