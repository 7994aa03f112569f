/**
 * The test runner itself, on small files of which each goes wrong in its own way: every one of them
 * must fail the run, and say why. See `test/runner/fixtures`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expectRun, runFixtures } from './runner/support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { chooseAdapter, findAdapter } = await runnerModule('adapter');
const { withSoftwareGpu } = await runnerModule('software-gpu');

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
  ['skips', '1 passed, 1 failed, 1 skipped', 'skips 1 tests'],
  ['only', '1 passed, 1 failed, 1 skipped', 'skips 1 tests'],
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
  const flags = ['--allow-skips'];
  expectRun(runFixtures('skips', { flags }), '1 passed, 0 failed, 1 skipped', '1 passed, 1 skipped in');
});

if (process.platform === 'linux') {
  test('skips the WGSL tests where there is no adapter, and ends with the reason', () => {
    // The Vulkan loader takes these files for its list of drivers: there are none, and no others are tried.
    const environment = { VK_DRIVER_FILES: '/dev/null', VK_ICD_FILENAMES: '/dev/null' };
    const skipped = runFixtures('.webgpu.', { environment });
    expectRun(skipped, '0 passed, 0 failed, 4 skipped', 'first.webgpu.test.mjs: 0 passed, 1 skipped');
    const reason = String(skipped.output.trim().split('\n').at(-2));
    assert.match(reason, /^The WGSL tests are skipped: .* no WebGPU adapter.*"npm run setup:vulkan"/);
  });
}

if (process.platform === 'linux' && process.arch === 'x64') {
  test('brings an adapter where the machine has none', async () => {
    // Without these folders the Vulkan loader knows no driver, but for those that stand in /etc.
    const { VK_DRIVER_FILES: _, VK_ICD_FILENAMES: __, ...environment } = process.env;
    const { name } = chooseAdapter(root, { ...environment, XDG_DATA_DIRS: '/nowhere', HOME: '/nowhere' });
    assert.ok(name !== undefined);
    const brought = withSoftwareGpu(root, process.env);
    assert.match(findAdapter(brought).name, /SwiftShader/);
    // Its libraries are found before the machine's, which stay.
    const { LD_LIBRARY_PATH } = withSoftwareGpu(root, { LD_LIBRARY_PATH: '/a:/b' });
    assert.match(LD_LIBRARY_PATH, /swiftshader-[\d.]+:\/a:\/b$/);
  });
}

if (process.platform !== 'win32') {
  test('what continuous integration runs fails when a test is skipped, and ends with two numbers', () => {
    const ended = (last: string) => {
      const folder = mkdtempSync(join(tmpdir(), 'attune-ci-'));
      const script = `#!/bin/sh\n[ "$2" != test:full ] || echo "${last}"\n`;
      writeFileSync(join(folder, 'npm'), script, { mode: 0o755 });
      const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
      const { status, stdout } = spawnSync(join(root, '.ci/run'), { encoding: 'utf8', env });
      rmSync(folder, { recursive: true });
      return [status, stdout.trim().split('\n').at(-1)];
    };
    // Lint, types and API pages count as three.
    assert.equal(ended('5 passed, 0 failed'), [0, '8 passed, 0 failed']);
    assert.equal(ended('5 passed, 0 failed, 4 skipped'), [1, '8 passed, 4 failed']);
    assert.equal(ended('5 passed, 2 failed, 4 skipped'), [1, '8 passed, 6 failed']);
    assert.equal(ended('no summary'), [1, '3 passed, 1 failed']);
  });
}

test('runs the slow share only with --full', () => {
  expectRun(runFixtures('long'), '0 passed, 1 failed', 'no test file matches');
  expectRun(runFixtures('long', { flags: ['--full'] }), '1 passed, 0 failed', 'slow share');
});
test.run();

/** The runner is plain JavaScript: it runs before anything is compiled. */
function runnerModule(name: string) {
  return import(pathToFileURL(join(root, `test/runner/${name}.mjs`)).href);
}
