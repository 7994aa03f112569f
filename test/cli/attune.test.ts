/** The launcher: what it says where the program cannot start, and that it starts it where it can. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const launcher = fileURLToPath(new URL('../../../src/cli/attune.mjs', import.meta.url));

// A checkout with nothing in it but the launcher, at a path that URLs have to escape.
const folder = mkdtempSync(join(tmpdir(), 'attune ä #% '));
mkdirSync(join(folder, 'src/cli'), { recursive: true });
cpSync(launcher, join(folder, 'src/cli/attune.mjs'));
test.after(() => rmSync(folder, { recursive: true }));

function launch(...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('says in one line what to run when nothing is built', () => {
  const { status, stdout, stderr } = launch(join(folder, 'src/cli/attune.mjs'), '--help');
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(
    stderr,
    /^attune: the program is not built \(.*attune ä #% .*\): run "npm run build" there\n$/,
  );
});

test('starts the program when it is built, from any folder', () => {
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  writeFileSync(join(folder, 'dist/cli/main.js'), 'console.log(process.argv.slice(2).join());');
  const { status, stdout, stderr } = launch(join(folder, 'src/cli/attune.mjs'), 'predict', 'x.png');
  assert.equal({ status, stdout, stderr }, { status: 0, stdout: 'predict,x.png\n', stderr: '' });
});

for (const version of ['18.20.0', '20.8.1']) {
  test(`refuses Node ${version} in one line`, () => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
    const { status, stdout, stderr } = launch('--import', `data:text/javascript,${pretend}`, launcher);
    assert.is(status, 1);
    assert.is(stdout, '');
    assert.match(
      stderr,
      new RegExp(`^attune: Node ${version} is too old \\(.*\\): install Node 20\\.9 or newer\n$`),
    );
  });
}
test.run();
