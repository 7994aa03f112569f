/** Making folders, with those above them. */
import type { Stats } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

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

/**
 * Makes a folder in another and removes it: whether something can be made there. Permissions alone do not tell, as in /proc,
 * where the superuser may write and nobody can. Throws Node's error; EPERM where there is no such folder, too.
 */
export async function tryFolder(folder: string): Promise<void> {
  const made = await mkdtemp(join(folder, '.attune-')).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? failure('EPERM', folder) : error;
  });
  await rm(made, { recursive: true, force: true, maxRetries: 3 });
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
