/** Patterns in image arguments, expanded as a shell would. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AttuneError } from '#src/errors';
import { expandPatterns } from '#src/cli/glob';

const folder = mkdtempSync(join(tmpdir(), 'attune+[x] '));
test.after(() => rmSync(folder, { recursive: true }));
for (const name of [
  'a/1.jpg',
  'a/2.JPG',
  'a/10.jpg',
  'a/.hidden.jpg',
  'a/x.png',
  'b/1.jpg',
  'b/(1).jpg',
  'ä.jpg',
]) {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), '');
}

async function expand(...patterns: string[]): Promise<string[]> {
  const found = await expandPatterns(patterns.map((pattern) => `${folder}/${pattern}`));
  return found.map((path) => path.slice(folder.length + 1).replaceAll('\\', '/'));
}

if (process.platform !== 'win32') {
  test('letter case counts where file names have it', async () => {
    assert.equal(await expand('a/*.jpg'), ['a/1.jpg', 'a/10.jpg']);
    const error = await expand('a/*.JPEG', 'a/*.PNG').catch((thrown: AttuneError) => thrown);
    assert.match(
      (error as AttuneError).message,
      /^no file matches this pattern \(.*JPEG\): check the spelling/,
    );
    const { hint } = (await expand('a/*.PNG').catch((thrown: AttuneError) => thrown)) as AttuneError;
    assert.match(hint!, /^upper and lower case count, and there is .*x\.png$/);
  });
}

test('stars and question marks match in any part of a path', async () => {
  assert.equal(await expand('a/?.png'), ['a/x.png']);
  assert.equal(await expand('a/1*.jpg'), ['a/1.jpg', 'a/10.jpg']);
  assert.equal(await expand('?/1.jpg'), ['a/1.jpg', 'b/1.jpg']);
  assert.equal(await expand('*/x.png'), ['a/x.png']);
  assert.equal(await expand('?.jpg'), ['ä.jpg']);
});

test('hidden files match only a pattern that begins with a dot', async () => {
  assert.equal(await expand('a/.h*'), ['a/.hidden.jpg']);
  assert.not.ok((await expand('a/*')).includes('a/.hidden.jpg'));
});

test('brackets and the like stand for themselves', async () => {
  assert.equal(await expand('b/(?).jpg'), ['b/(1).jpg']);
});

test('what is no pattern stays as it is, in its place', async () => {
  assert.equal(await expand('missing.jpg', 'a/x.*', 'a'), ['missing.jpg', 'a/x.png', 'a']);
});

test('a backslash separates on Windows only', async () => {
  const pattern = `${folder}\\a\\x.*`;
  assert.equal(await expandPatterns([pattern], 'win32'), [join(folder, 'a', 'x.png')]);
});

test('a pattern without a match is an error that names it', async () => {
  try {
    await expand('a/x.png', 'c/*.jpg');
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /^no file matches this pattern \(.*c\/\*\.jpg\): check/);
  }
});
test.run();
