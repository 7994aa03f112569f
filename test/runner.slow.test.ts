/** The test runner itself, where it waits: see runner.test.ts. */
import { test } from 'uvu';
import { expectRun, runFixtures } from './runner/support.js';

test('ends a file that leaves something open', () => {
  expectRun(runFixtures('leaves-open'), '1 passed, 1 failed', 'something is left open');
});

test.run();
