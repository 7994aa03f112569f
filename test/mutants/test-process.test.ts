/** What is taken for a hang, and that a busy machine is not. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HANGS, runTests } from './test-process.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const path = mkdtempSync(join(tmpdir(), 'attune-test-process-'));
mkdirSync(join(path, 'build/test'), { recursive: true });
for (const name of ['node_modules', 'test', 'build/node_modules'])
  symlinkSync(join(root, name), join(path, name), 'junction');
writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
const tree = { path, environment: process.env };
test.after(() => rmSync(path, { recursive: true }));

/** Runs one test with this body, which may take so many seconds. */
function run(name: string, body: string, limit: number) {
  writeFileSync(
    join(path, 'build/test', `${name}.test.js`),
    `import { test } from 'uvu';\ntest('it', async () => {\n${body}\n});\ntest.run();\n`,
  );
  return runTests(tree, [name], (message) => (message === 'start it' ? limit : 60));
}

test('what computes or waits for longer than its limit hangs', async () => {
  assert.is((await run('spins', 'for (;;);', 0.2)).failure, HANGS);
  assert.is((await run('waits', 'await new Promise(() => setInterval(() => {}, 1e6));', 0.2)).failure, HANGS);
});

// Elsewhere it is the clock that counts.
if (process.platform === 'linux') {
  test('the time that a process is kept from running does not count', async () => {
    const body = `
      const { spawn } = await import('node:child_process');
      spawn('sh', ['-c', 'sleep 2; kill -CONT ' + process.pid], { stdio: 'ignore' });
      process.kill(process.pid, 'SIGSTOP');`;
    const { failure, seconds } = await run('is-stopped', body, 1.5);
    assert.is(failure, null);
    assert.ok(seconds.get('start it')! < 1.5);
  });
}

test('a test that fails says why', async () => {
  const { failure } = await run('fails', "throw new Error('seven is not eight');", 60);
  assert.match(failure ?? '', 'seven is not eight');
});
test.run();
