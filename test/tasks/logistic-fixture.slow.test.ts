/** The optima that are checked in are those that PyTorch finds here and now. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, type LogisticFixture, relativeError } from './logistic-fixture.js';
import { newFolder } from '../finetune/support.js';

const script = fileURLToPath(new URL('../../../test/tasks/make-fixtures.py', import.meta.url));

test('make-fixtures.py writes what is checked in', () => {
  const folder = newFolder();
  execFileSync('/usr/bin/python3', [script, folder]);
  const made: LogisticFixture = JSON.parse(readFileSync(join(folder, 'logistic.json'), 'utf8'));
  const { fits, ...problem } = fixture;
  const { fits: madeFits, ...madeProblem } = made;
  assert.equal(madeProblem, problem);
  // Its L-BFGS ends within 1e-6 of the optimum; where, depends on the build of PyTorch.
  for (const [i, { weight, bias }] of fits.entries()) {
    assert.ok(relativeError(madeFits[i]!.weight, weight) < 1e-5);
    assert.ok(relativeError(madeFits[i]!.bias, bias) < 1e-5);
  }
});

test.run();
