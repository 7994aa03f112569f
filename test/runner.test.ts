/**
 * The test runner itself, on small files of which each goes wrong in its own way: every one of them
 * must fail the run, and say why. See `test/runner/fixtures`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectRun, runFixtures } from './runner/support.js';

test('counts single tests, and shows notes but nothing else of a file that passes', () => {
  const passed = runFixtures('/pass.');
  expectRun(passed, '3 passed, 0 failed', '# a note of one test');
  assert.not.match(passed.output, 'printed and not shown');
});

test('counts failed tests one by one and shows what the file printed', () => {
  const failed = runFixtures('/fail.');
  expectRun(failed, '1 passed, 2 failed', 'one is not two');
  assert.match(failed.output, "threw 'only a string'");
  assert.match(failed.output, 'printed and shown');
});

const brokenFiles: [fixture: string, last: string, sentence: string][] = [
  ['throws-at-import', '0 passed, 1 failed', 'broken at import'],
  ['exits-early', '1 passed, 1 failed', 'ended early with exit code 0, in test "ends the process"'],
  ['never-settles', '0 passed, 1 failed', 'ended early with exit code 13, in test "waits for nothing"'],
  ['exit-code', '1 passed, 1 failed', 'ended with exit code 3 after its last test'],
  ['no-tests', '0 passed, 1 failed', 'reports no test'],
  ['no-run', '0 passed, 1 failed', '1 of its tests did not run'],
  ['hook-fails', '0 passed, 1 failed', 'broken before hook'],
  ['skips', '1 passed, 1 failed', '1 skipped'],
  ['only', '1 passed, 1 failed', '1 skipped'],
  ['nothing has this name', '0 passed, 1 failed', 'no test file matches "nothing has this name"'],
];
if (process.platform !== 'win32') {
  brokenFiles.push(['crashes', '0 passed, 1 failed', 'crashed with SIGSEGV, in test "crashes"']);
}
for (const [fixture, last, sentence] of brokenFiles) {
  test(`fails a file: ${fixture}`, () => expectRun(runFixtures(fixture), last, sentence));
}

test('a file also runs by itself, where nobody listens', () => {
  const file = fileURLToPath(new URL('./nearest.test.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  assert.is(status, 0, stdout);
  assert.match(stdout, /Passed: +[1-9]/);
});

test('permits skips when told to', () => {
  expectRun(runFixtures('skips', { flags: ['--allow-skips'] }), '1 passed, 0 failed', '1 skipped');
});

test('runs the slow share only with --full', () => {
  expectRun(runFixtures('long'), '0 passed, 1 failed', 'no test file matches');
  expectRun(runFixtures('long', { flags: ['--full'] }), '1 passed, 0 failed', 'slow share');
});
test.run();
