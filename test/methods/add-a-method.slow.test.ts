/**
 * The recipe "Add a method" of src/README.md does what it says: a file, a line in the table and its test, and a copy of the
 * repository with them has its flag, its field and its effect.
 */
import { rmSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfRepository, recipeOf, runIn, testsPass, touchedBy } from '../docs/recipes.js';

const recipe = recipeOf('Add a method');
const copy = copyOfRepository();
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is a file, its two lines in the table, and its test', () => {
  assert.equal(touchedBy(recipe), [
    ['src/methods/sample-pairing.ts', 'new'],
    ['src/methods/index.ts', 2],
    ['test/methods/sample-pairing.test.ts', 'new'],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  testsPass(copy, recipe);
});

test('the program has its flag, which refuses what is no probability', () => {
  const help = runIn(copy, process.execPath, ['src/cli/attune.mjs', 'finetune', '--help']);
  assert.match(help, /--sample-pairing <probability>/);
  const script = `import { finetune } from './dist/index.js';
await finetune({ data: '.', samplePairing: 2 }).catch(({ message }) => console.log(message));`;
  const said = runIn(copy, process.execPath, ['--input-type=module', '-e', script]);
  assert.match(said, /--sample-pairing/);
});

test.run();
