/** A sample of `npm run test:mutants`: of broken loops, gradients and shaders, at least 95 % make a test fail. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** One mutant in each of so many files. */
const FILES = 30;

test(`of a mutant in each of ${FILES} files, at least 95 % are killed`, () => {
  const script = fileURLToPath(new URL('mutants/run.js', import.meta.url));
  const child = spawnSync(process.execPath, [script, '--files', String(FILES)], { encoding: 'utf8' });
  const last = child.stdout.trim().split('\n').at(-1);
  console.log(`# ${last}`);
  assert.is(child.status, 0, child.stdout + child.stderr);
  assert.match(last ?? '', new RegExp(`mutants in ${FILES} files: \\d+ killed`));
});
test.run();
