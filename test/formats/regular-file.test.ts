/** Only regular files are opened, and links only where they are followed, also where they come after the first look. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { kindOf, openRegular, readRegularText } from '#src/formats/regular-file';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rejects } from './support.js';

const isWindows = process.platform === 'win32';
const test = suite<{ folder: string; path: string }>('regular file');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-regular-'));
  context.path = join(context.folder, 'file');
  writeFileSync(context.path, 'abc');
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test('a file is read, and a link to one where links are followed', async ({ folder, path }) => {
  assert.is(await readRegularText(path, 'refuse'), 'abc');
  if (isWindows) return;
  const link = join(folder, 'link');
  symlinkSync(path, link);
  assert.is(await readRegularText(link, 'follow'), 'abc');
  await rejects(
    () => readRegularText(link, 'refuse'),
    /^this is a symbolic link, where attune opens regular/,
    'input',
  );
});

test('pipes, sockets and devices are refused by their kind, a folder as the system does', async ({
  folder,
}) => {
  const refused = (path: string, words: RegExp) => rejects(() => openRegular(path, 'refuse'), words, 'input');
  const error = await openRegular(folder, 'refuse').catch((error: unknown) => error);
  assert.not.instance(error, AttuneError);
  assert.is((error as NodeJS.ErrnoException).code, 'EISDIR');
  assert.is(kindOf(await files.stat(folder)), 'a folder');
  if (isWindows) return;
  await refused('/dev/null', /^this is a device/);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await refused(pipe, /^this is a named pipe/);
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  await refused(socket, /^this is a socket/);
  server.close();
});

test('what is exchanged between the look and the opening is refused all the same', async ({
  folder,
  path,
}) => {
  if (isWindows) return;
  const [link, pipe] = [join(folder, 'link'), join(folder, 'pipe')];
  symlinkSync(path, link);
  execFileSync('mkfifo', [pipe]);
  const { lstat, stat } = files;
  const seen = await lstat(path);
  files.lstat = files.stat = (async () => seen) as unknown as typeof lstat & typeof stat;
  syncBuiltinESMExports();
  try {
    await rejects(() => openRegular(link, 'refuse'), /^this is a symbolic link/, 'input');
    await rejects(() => openRegular(pipe, 'refuse'), /^this is a named pipe/, 'input');
  } finally {
    Object.assign(files, { lstat, stat });
    syncBuiltinESMExports();
  }
});

test.run();
