/** The one process that all WGSL files share. These tests need an adapter, as those files do. */
import { test } from 'uvu';
import { expectRun, runFixtures } from './runner/support.js';

test('runs the WGSL files in one process, and those after a crash in a new one', () => {
  expectRun(runFixtures('.webgpu.'), '3 passed, 1 failed', 'crashed with SIGSEGV, in test "crashes"');
});
test.run();
