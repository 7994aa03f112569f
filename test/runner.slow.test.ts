/** The test runner itself, where it waits: see runner.test.ts. */
import { test } from 'uvu';
import { expectRun, runFixtures } from './runner/support.js';

test('ends a file that takes longer than the limit', () => {
  const flags = ['--limit', '5'];
  expectRun(runFixtures('hangs', { flags }), '0 passed, 1 failed', 'took longer than 5 s, in test "loops"');
});

test('ends a file that leaves something open', () => {
  const ended = runFixtures('leaves-open', { flags: ['--limit', '5'] });
  expectRun(ended, '1 passed, 1 failed', 'did not end within 5 s of its last test: something is left open');
});

test.run();
