/** Files that grow, are cut, or get other names; any-format/save.test.ts has those that are replaced as a whole. */

import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertReplaceable,
  createGrowingFile,
  cutFile,
  type FileOperations,
  isThere,
  keepAs,
  makeFolder,
  moveFile,
  namesIn,
  openByteSource,
} from '#src/formats/file';
import { rejects } from './support.js';

const test = suite<{ folder: string }>('file');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-file-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const bytesOf = (text: string) => new TextEncoder().encode(text);

test('a file that grows, and one that is there already', async ({ folder }) => {
  const path = join(folder, 'events');
  const file = await createGrowingFile(path);
  await file.append(bytesOf('ab'));
  await file.append(bytesOf('c'));
  await file.sync();
  assert.is(readFileSync(path, 'utf8'), 'abc');
  await file.close();
  await rejects(() => createGrowingFile(path), /the file cannot be written.*EEXIST/, 'disk');
  assert.is(readFileSync(path, 'utf8'), 'abc', 'it is left alone');
});

test('a disk that fills up while a file grows', async ({ folder }) => {
  const path = join(folder, 'events');
  const full: FileOperations['open'] = async (path, flags) => {
    const handle = await open(path, flags);
    const write = async () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    return { write, sync: () => handle.sync(), close: () => handle.close() };
  };
  const file = await createGrowingFile(path, { open: full });
  await rejects(() => file.append(bytesOf('ab')), /the disk is full/, 'disk');
  await file.close();
});

test('a file is cut, unless it is short enough or gone', async ({ folder }) => {
  const path = join(folder, 'events');
  writeFileSync(path, 'abcdef');
  await cutFile(path, 9);
  assert.is(readFileSync(path, 'utf8'), 'abcdef');
  await cutFile(path, 4);
  assert.is(readFileSync(path, 'utf8'), 'abcd');
  await cutFile(join(folder, 'gone'), 0);
  assert.equal(readdirSync(folder), ['events']);
  if (process.platform === 'win32') return;
  mkdirSync(join(folder, 'folder', 'inner'), { recursive: true });
  await rejects(() => cutFile(join(folder, 'folder'), 0), /there is a folder of this name/, 'disk');
});

test('a file moves in place of another', async ({ folder }) => {
  const [from, to] = [join(folder, 'next'), join(folder, 'state')];
  writeFileSync(from, 'new');
  writeFileSync(to, 'old');
  await moveFile(from, to);
  assert.equal(readdirSync(folder), ['state']);
  assert.is(readFileSync(to, 'utf8'), 'new');
  await rejects(() => moveFile(from, to), /state/, 'disk');
  assert.is(readFileSync(to, 'utf8'), 'new', 'what was there stays');
});

test('a second name stands for the same file, in place of another and of itself', async ({ folder }) => {
  const [path, second] = [join(folder, 'state'), join(folder, 'state.previous')];
  writeFileSync(path, 'new');
  writeFileSync(second, 'old');
  for (let times = 0; times < 2; times++) {
    await keepAs(path, second);
    assert.equal(readdirSync(folder).sort(), ['state', 'state.previous']);
    assert.is(readFileSync(second, 'utf8'), 'new');
    assert.is(statSync(second).ino, statSync(path).ino);
  }
  await rejects(() => keepAs(join(folder, 'gone'), second), /state\.previous/, 'disk');
  assert.is(readFileSync(second, 'utf8'), 'new', 'what was there stays');
});

test('a folder that cannot be listed', async ({ folder }) => {
  assert.equal(await namesIn(folder), []);
  await rejects(() => namesIn(join(folder, 'gone')), /gone/, 'disk');
});

test('whether a file could be written is told before', async ({ folder }) => {
  const path = join(folder, 'page.html');
  await assertReplaceable(path);
  writeFileSync(path, 'abc');
  await assertReplaceable(path);
  assert.is(readFileSync(path, 'utf8'), 'abc');
  await rejects(() => assertReplaceable(folder), /folder/, 'disk');
  await rejects(() => assertReplaceable(join(path, 'page.html')), /page\.html/, 'disk');
  await rejects(() => assertReplaceable(join(folder, 'gone', 'page.html')), /gone/, 'disk');
  assert.equal(readdirSync(folder), ['page.html'], 'nothing is left behind');
  // Where the superuser may write and nothing can be made.
  if (process.platform === 'linux')
    await rejects(() => assertReplaceable('/proc/page.html'), /proc.page\.html|may not be written/, 'disk');
});

test('whether something is there, and what cannot be looked at', async ({ folder }) => {
  const path = join(folder, 'file');
  writeFileSync(path, 'abc');
  assert.equal([await isThere(path), await isThere(join(folder, 'gone'))], [true, false]);
  assert.is(await isThere(join(path, 'below')), false);
  symlinkSync('loop', join(folder, 'loop'));
  await rejects(() => isThere(join(folder, 'loop')), /cannot be looked at, ELOOP/, 'disk');
});

test('a folder in place of a file', async ({ folder }) => {
  const path = join(folder, 'file');
  await makeFolder(join(folder, 'a', 'b'));
  assert.ok(statSync(join(folder, 'a', 'b')).isDirectory());
  writeFileSync(path, 'abc');
  await rejects(() => makeFolder(path), /file/, 'disk');
  await rejects(() => makeFolder(join(path, 'below')), /below/, 'disk');
});

test('a file that was read and cannot be closed', async ({ folder }) => {
  const path = join(folder, 'weights');
  writeFileSync(path, 'abc');
  const probe = await open(path);
  const { fd } = probe;
  await probe.close();
  // The lowest free number of a file is the next one's.
  const source = await openByteSource(path);
  closeSync(fd); // as a disk that went away
  await rejects(() => source.close(), /weights/, 'disk');
});

test.run();
