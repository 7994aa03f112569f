/** Folders are made, or it is said that they cannot be: in /proc Node's own way never ends. */
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '#src/formats/file';
import { makeFolders } from '#src/formats/folders';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rejects } from './support.js';

const test = suite<{ folder: string }>('folders');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-folders-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const codeOf = async (work: Promise<void>) => {
  const error = await work.then(
    () => null,
    (error: NodeJS.ErrnoException) => error,
  );
  return error?.code ?? null;
};

test('folders are made with those above them, also by two at once', async ({ folder }) => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolders(path), makeFolders(path), makeFolders(join(folder, 'a', 'd'))]);
  assert.ok(statSync(path).isDirectory());
  await makeFolders(path);
});

test('a file on the way is told as one', async ({ folder }) => {
  writeFileSync(join(folder, 'file'), '');
  assert.is(await codeOf(makeFolders(join(folder, 'file'))), 'ENOTDIR');
  assert.is(await codeOf(makeFolders(join(folder, 'file', 'below'))), 'ENOTDIR');
});

test('where a folder is there and none can be made in it, that is said', async ({ folder }) => {
  // As the kernel answers in /proc, and for a link that leads nowhere.
  const { mkdir } = files;
  files.mkdir = (async () => {
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  }) as unknown as typeof mkdir;
  syncBuiltinESMExports();
  try {
    assert.is(await codeOf(makeFolders(join(folder, 'x', 'y'))), 'EPERM');
  } finally {
    files.mkdir = mkdir;
    syncBuiltinESMExports();
  }
  if (process.platform === 'win32') return;
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
  assert.is(await codeOf(makeFolders(join(folder, 'link', 'below'))), 'EPERM');
  if (process.platform !== 'linux') return;
  await rejects(() => makeFolder('/proc/attune/cache'), /may not be written here/, 'disk');
});

test.run();
