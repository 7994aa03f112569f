/**
 * What of the documentation takes long: the fifth program of the reading tour, with a ResNet50 and 100 MB of weights, and
 * the run that the README shows. The other programs are in docs.test.ts.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attune } from './cli/support.js';
import { blocksOf, sectionOf } from './docs/markdown.js';
import {
  compilePrograms,
  HEAVY,
  programsOf,
  README,
  read,
  root,
  runProgram,
  writeWeightsFor,
} from './docs/programs.js';
import { newPath } from './finetune/support.js';

const { document, index } = HEAVY;

test('the program with a ResNet50 runs and prints what it says', async () => {
  assert.match(programsOf(document)[index]!, 'at.resnet50()');
  await writeWeightsFor(document);
  compilePrograms();
  runProgram(document, index);
});

test('the run that the README shows prints what stands there', async () => {
  const blocks = blocksOf(sectionOf(read(README), '## What comes out'));
  const [command, shown] = ['sh', 'text'].map(
    (name) => blocks.find(({ language }) => language === name)?.text,
  );
  assert.ok(command && shown);
  const [, , ...words] = command.trim().split(' ');
  const run = newPath();
  words[words.indexOf('--out') + 1] = run;
  const { status, stdout, stderr } = await attune(words, { cwd: root });
  assert.is(status, 0, stderr);
  const printed = stdout.split('\n').map((line) => line.trimEnd());
  // Another folder for the run; all else is the same everywhere.
  const lines = shown.split('\n').filter((line) => line !== '' && !line.includes('runs/'));
  assert.ok(lines.length > 10);
  assert.equal(
    lines.filter((line) => !printed.includes(line)),
    [],
  );
});
test.run();
