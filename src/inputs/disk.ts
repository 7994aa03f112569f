/**
 * Writing to the cache: is there room, and a file that is there whole or not at all.
 */

import { open, rename, statfs, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';
import { AttuneError } from '../errors.js';
import { makeFolders } from '../formats/index.js';

export interface DiskSpace {
  readonly folder: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/**
 * Compares what is about to be written with what is free on the folder's disk. The folder need
 * not exist.
 * @throws AttuneError 'disk' if it does not fit, with both sizes
 */
export async function requireDiskSpace(folder: string, neededBytes: number): Promise<DiskSpace> {
  const freeBytes = await freeSpace(folder);
  if (neededBytes <= freeBytes) return { folder, neededBytes, freeBytes };
  throw new AttuneError({
    code: 'disk',
    what: `the cache needs ${formatBytes(neededBytes)}, and ${formatBytes(freeBytes)} are free`,
    where: folder,
    hint: 'free some space, or set ATTUNE_CACHE to a folder on another disk',
  });
}

/** Bytes that this user may still write in the folder, or where it would be made. */
async function freeSpace(folder: string): Promise<number> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!missing || dirname(at) === at) throw diskError(error, folder);
    }
  }
}

/** A size for people: `1.5 GB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

let written = 0;

/**
 * Writes a file beside its final name, flushes it to the disk and renames it, so that a crash
 * leaves the old file or the new one, never a part. Makes the folder.
 * @throws AttuneError 'disk'
 */
export async function writeWhole(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}.${process.pid}-${threadId}-${written++}${temporarySuffix}`;
  try {
    await makeFolders(dirname(path));
    try {
      const file = await open(beside, 'wx');
      try {
        for (const chunk of chunks) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
    } catch (error) {
      await unlink(beside).catch(() => {}); // the first error is the one to report
      throw error;
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw diskError(error, path);
  }
}

/** How files end that are not complete yet. */
export const temporarySuffix = '.tmp';

/** Makes the rename itself durable. Windows cannot open folders, and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts a failed system call on the cache into the user's words. */
export function diskError(error: unknown, where: string): AttuneError {
  if (error instanceof AttuneError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new AttuneError(
    {
      code: 'disk',
      what: full ? 'the disk is full' : `the cache cannot be used, ${code}`,
      where,
      hint: full
        ? 'free some space, or set ATTUNE_CACHE to a folder on another disk'
        : 'check its permissions, or set ATTUNE_CACHE to another folder',
    },
    { cause: error },
  );
}
