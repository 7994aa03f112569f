/** The test runner itself, where it waits: see runner.test.ts. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectRun, runFixtures } from './runner/support.js';

test('ends a file that takes longer than the limit', () => {
  const flags = ['--limit', '5'];
  expectRun(runFixtures('hangs', { flags }), '0 passed, 1 failed', 'took longer than 5 s, in test "loops"');
});

test('ends a file that leaves something open', () => {
  const ended = runFixtures('leaves-open', { flags: ['--limit', '5'] });
  expectRun(ended, '1 passed, 1 failed', 'did not end within 5 s of its last test: something is left open');
});

if (process.platform === 'linux' && process.arch === 'x64') {
  test('brings a browser where none is installed', async () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const { chromium } = await import(pathToFileURL(join(root, 'test/runner/chromium.mjs')).href);
    // One that is named is not replaced.
    delete process.env['CHROMIUM'];
    const { program, environment } = chromium(root, '/nowhere');
    const { stdout, stderr } = spawnSync(program, ['--version'], { env: environment, encoding: 'utf8' });
    assert.match(stdout, /Chromium \d+/, stderr);
    assert.is(chromium(root, process.execPath).program, process.execPath);
  });
}

test.run();
