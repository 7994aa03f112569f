/** The last program of the reading tour: a ResNet50 and 100 MB of weights. The others are in docs.test.ts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compilePrograms, HEAVY, programsOf, runProgram, writeWeightsFor } from './docs/programs.js';

const { document, index } = HEAVY;

test('the program with a ResNet50 runs and prints what it says', async () => {
  assert.match(programsOf(document)[index]!, 'at.resnet50()');
  await writeWeightsFor(document);
  compilePrograms();
  runProgram(document, index);
});
test.run();
