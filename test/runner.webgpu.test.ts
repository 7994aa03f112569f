/** The one process that all WGSL files share. These tests need an adapter, as those files do. */
import { test } from 'uvu';
import { expectRun, runFixtures } from './runner/support.js';

test('runs the WGSL files in one process, and those after a crash in a new one', () => {
  expectRun(runFixtures('.webgpu.'), '3 passed, 1 failed', 'crashed with SIGSEGV, in test "crashes"');
});

if (process.platform === 'linux') {
  test('names the command to run where there is no adapter', () => {
    // The Vulkan loader takes these files for its list of drivers: there are none.
    const environment = { VK_DRIVER_FILES: '/dev/null', VK_ICD_FILENAMES: '/dev/null' };
    expectRun(
      runFixtures('first.webgpu', { environment }),
      '0 passed, 1 failed',
      'run "npm run setup:vulkan"',
    );
  });
}
test.run();
