/** Making folders, with those above them. */
import type { Stats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it, where there is none. Node's own way asks for ever where the folder above is there and
 * says that it is not, as in /proc. Throws Node's error: ENOTDIR where a file is in the way, EPERM where no folder can be
 * made.
 */
export async function makeFolders(path: string): Promise<void> {
  const missing: string[] = [];
  let at = resolve(path);
  for (let found = await look(at); found === null; found = await look(at)) {
    missing.unshift(at);
    at = dirname(at);
  }
  for (const folder of missing) await make(folder);
}

/** Null where there is nothing. */
async function look(path: string): Promise<Stats | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && dirname(path) !== path) return null;
    throw error;
  });
  if (found !== null && !found.isDirectory()) throw failure('ENOTDIR', path);
  return found;
}

async function make(folder: string): Promise<void> {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return; // another process was quicker
    throw error.code === 'ENOENT' ? failure('EPERM', folder) : error;
  });
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: no folder can be made, '${path}'`), { code });
}
