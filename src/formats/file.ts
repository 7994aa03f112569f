/**
 * Files on disk: positioned reads for the parsers, a way to write a file so that its name always stands for a whole file,
 * and files that grow. With `folders.ts`, `regular-file.ts` and
 * `inflate.ts` the only file of this folder that imports `node:`.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, link, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { Pauses } from '../pauses.js';
import { type ByteSource, checkRange, checkSiblingName, type SiblingFiles } from './bytes.js';
import { makeFolders, tryFolder } from './folders.js';
import { type Links, openRegular } from './regular-file.js';
import { weightsError } from './tensors.js';

/** The most bytes that one read call asks for: a signal is heard between two of them. */
const READ_PIECE = 2 ** 26;

/** Pauses between attempts to rename, in milliseconds: on Windows a virus scanner or an indexer may hold the file. */
const RENAME_PAUSES = [10, 20, 50, 100, 200, 400, 800];

/**
 * Opens a file for positioned reads.
 * @throws AttuneError 'input' if it is missing, a folder, or a link that is refused, 'disk' if it cannot be opened.
 */
export async function openByteSource(
  path: string,
  links: Links = 'follow',
  pauses = new Pauses(),
): Promise<ByteSource> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw inputError(path, 'this is a folder', 'name the weights file in it');
    if (!status.isFile()) throw inputError(path, 'this is not a regular file', 'name a weights file');
    return fileSource(await openRegular(path, links), path, status.size, pauses);
  } catch (error) {
    throw error instanceof AttuneError ? error : await openError(error, path);
  }
}

/** The files in the folder of `path`. */
export function siblingsOf(path: string, pauses: Pauses): SiblingFiles {
  const folder = dirname(path);
  return {
    async open(name, links) {
      checkSiblingName(name, path);
      const target = join(folder, name);
      return openByteSource(
        links === 'confine' ? await confined(target, folder, path) : target,
        'follow',
        pauses,
      );
    },
  };
}

/** The file that a path leads to; refuses one that links lead out of the folder to. */
async function confined(target: string, folder: string, where: string): Promise<string> {
  let real: string;
  try {
    real = await realpath(target);
  } catch (error) {
    throw await openError(error, target);
  }
  const inside = (await realpath(folder)).replace(/[\\/]$/, '') + sep;
  if (!real.startsWith(inside)) {
    throw weightsError(where, `${JSON.stringify(basename(target))} is a link that leads out of the folder`);
  }
  return real;
}

function fileSource(handle: FileHandle, name: string, size: number, pauses: Pauses): ByteSource {
  return {
    name,
    size,
    pauses,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      const bytes = new Uint8Array(length);
      try {
        for (let done = 0; done < length; ) {
          pauses.throwIfAborted();
          const piece = Math.min(length - done, READ_PIECE);
          const { bytesRead } = await handle.read(bytes, done, piece, offset + done);
          if (bytesRead === 0) throw weightsError(name, `the file became shorter while it was read`);
          done += bytesRead;
        }
      } catch (error) {
        throw error instanceof AttuneError ? error : readError(error, name);
      }
      return bytes;
    },
    close: () =>
      handle.close().catch((error: unknown) => {
        throw readError(error, name);
      }),
  };
}

function inputError(where: string, what: string, hint: string, cause?: unknown): AttuneError {
  return new AttuneError({ code: 'input', what, where, hint }, { cause });
}

function readError(error: unknown, where: string): AttuneError {
  const what = `the file cannot be read: ${messageOf(error)}`;
  return new AttuneError({ code: 'disk', what, where, hint: 'check the disk' }, { cause: error });
}

async function openError(error: unknown, where: string): Promise<AttuneError> {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return inputError(where, 'there is no such file', await hintForMissing(where, 'check the path'), error);
  const [what, hint] =
    code === 'EACCES' || code === 'EPERM'
      ? ['the file may not be read', 'change its permissions, or copy it']
      : [`the file cannot be opened: ${messageOf(error)}`, 'check the path and the disk'];
  return new AttuneError({ code: 'disk', what, where, hint }, { cause: error });
}

/** So many names of a folder are candidates for a hint; the others are not. */
const MOST_CANDIDATES = 10_000;

/**
 * What to do about a missing file or folder: take what lies there and has the nearest name, or the same name with
 * another ending; else `otherwise`. In a longer path the first part that is missing is looked for.
 */
export async function hintForMissing(path: string, otherwise: string): Promise<string> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return folder === path ? otherwise : hintForMissing(folder, otherwise);
  const { base, name } = parse(path);
  const candidates = names.slice(0, MOST_CANDIDATES);
  const guess = nearest(base, candidates) ?? candidates.find((candidate) => parse(candidate).name === name);
  // What is there under its full name is not missing: it is of another kind than was looked for.
  return guess === undefined || guess === base ? otherwise : `did you mean ${join(folder, guess)}?`;
}

/** The operations that `replaceFile` needs; tests replace them to see a full disk. */
export interface FileOperations {
  readonly open: (path: string, flags: string) => Promise<Pick<FileHandle, 'write' | 'sync' | 'close'>>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

const nodeFiles: FileOperations = { open, rename, remove: (path) => rm(path, { force: true }) };

/**
 * Writes a file so that a crash, a full disk or a cut in the power leaves either the old file or the new one: the pieces
 * go to a temporary file beside it, which is flushed to the disk and then renamed. If anything fails, the temporary is
 * removed and the old file stays.
 * @throws AttuneError 'disk' if there is no space, no permission or another fault of the disk; errors of `pieces` as
 *   they are.
 */
export async function replaceFile(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  files: FileOperations = nodeFiles,
): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryBeside(path);
  try {
    await writeAll(temporary, pieces, files);
    await renameWithRetry(temporary, path, files);
  } catch (error) {
    // The first error is the one to report; a temporary that cannot be removed either changes nothing about it.
    await files.remove(temporary).catch(() => undefined);
    throw writeError(error, path);
  }
  await syncFolder(folder, files);
}

/** A name for what is not complete yet: hidden, and nobody else's. */
function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** Gives a file another name, also in place of a file that has it, and flushes that to the disk. Throws AttuneError 'disk'. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await renameWithRetry(from, to, nodeFiles);
  } catch (error) {
    throw writeError(error, to);
  }
  await syncFolder(dirname(to), nodeFiles);
}

/**
 * Gives a file a second name, in place of a file that has it: both stand for whole files all the time. Where the file system
 * has no links, the file has only its second name afterwards. Throws AttuneError 'disk'.
 */
export async function keepAs(path: string, second: string): Promise<void> {
  const temporary = temporaryBeside(second);
  try {
    await link(path, temporary);
  } catch (error) {
    const isUnknown = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '');
    if (!isUnknown) throw writeError(error, second);
    return moveFile(path, second);
  }
  try {
    await moveFile(temporary, second);
  } finally {
    // It is still there where both were names of one file already: such a rename does nothing.
    await nodeFiles.remove(temporary).catch(() => undefined);
  }
}

/** A file that grows while others may read it; all of it throws AttuneError 'disk'. */
export interface GrowingFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Makes an empty file to append to. Throws AttuneError 'disk' also where there is a file of this name. */
export async function createGrowingFile(
  path: string,
  files: Pick<FileOperations, 'open'> = nodeFiles,
): Promise<GrowingFile> {
  const guarded = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw writeError(error, path);
    });
  const handle = await guarded(files.open(path, 'wx'));
  return {
    append: (bytes) => guarded(writePiece(handle, bytes)),
    sync: () => guarded(handle.sync()),
    close: () => guarded(handle.close()),
  };
}

/** The names in a folder. Throws AttuneError 'disk'. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw writeError(error, folder);
  }
}

/**
 * Asks whether `replaceFile` could write here, before the work whose result goes there; a full disk shows only then.
 * Throws AttuneError 'disk'.
 */
export async function assertReplaceable(path: string): Promise<void> {
  try {
    const status = await stat(path).catch(() => null);
    if (status?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    const folder = dirname(path);
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error('a file'), { code: 'ENOTDIR' });
    await tryFolder(folder);
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * Whether there is something of this name; a link that leads nowhere is nothing.
 * Throws AttuneError 'disk' where that cannot be seen, as in a folder without permission.
 */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    const what = `this cannot be looked at, ${code ?? messageOf(error)}`;
    throw new AttuneError(
      { code: 'disk', what, where: path, hint: 'check the permissions of its folder, and links' },
      { cause: error },
    );
  }
}

/** Makes a folder, and those above it, where there is none. Throws AttuneError 'disk'. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * Cuts a file back to its first bytes. One that is not longer, or gone, stays as it is, and a link is not followed. Throws
 * AttuneError 'input' for a link or anything else that is no regular file, 'disk'.
 */
export async function cutFile(path: string, length: number): Promise<void> {
  try {
    const file = await openRegular(path, 'refuse', 'change');
    try {
      if ((await file.stat()).size > length) await file.truncate(length);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw writeError(error, path);
  }
}

async function writeAll(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  files: FileOperations,
): Promise<void> {
  const handle = await files.open(path, 'wx');
  try {
    for await (const piece of pieces) await writePiece(handle, piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writePiece(handle: Pick<FileHandle, 'write'>, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const { bytesWritten } = await handle.write(piece, done, Math.min(piece.length - done, READ_PIECE));
    done += bytesWritten;
  }
}

async function renameWithRetry(from: string, to: string, files: FileOperations): Promise<void> {
  for (const pause of RENAME_PAUSES) {
    try {
      return await files.rename(from, to);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'EPERM' && code !== 'EBUSY') throw error;
      await delay(pause);
    }
  }
  return files.rename(from, to);
}

/** Makes the rename itself durable. Windows cannot open a folder, and some file systems cannot flush one. */
async function syncFolder(folder: string, files: FileOperations): Promise<void> {
  try {
    const handle = await files.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file is complete and has its name; only the moment at which the name reaches the disk is not certain.
  }
}

function writeError(error: unknown, where: string): unknown {
  const code = codeOf(error);
  // Errors without a system code come from `pieces`: they are not about the disk.
  if (error instanceof AttuneError || code === undefined) return error;
  const [what, hint] = DISK_FAULTS[code] ?? [
    `the file cannot be written: ${messageOf(error)}`,
    'check the disk',
  ];
  // Whoever is to create a folder wants its name, and not that of the first of several files.
  const missing = code === 'ENOENT' && !existsSync(dirname(where)) ? dirname(where) : where;
  return new AttuneError({ code: 'disk', what, where: missing, hint }, { cause: error });
}

const NO_SPACE = ['the disk is full', 'free some space, or write to another disk'] as const;
const NO_PERMISSION = [
  'the file may not be written here',
  'change the permissions, or write elsewhere',
] as const;
const DISK_FAULTS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: NO_SPACE,
  EDQUOT: ['the quota of this disk is used up', 'free some space, or write to another disk'],
  EFBIG: ['the file is too large for this disk', 'write to another disk'],
  EACCES: NO_PERMISSION,
  EPERM: NO_PERMISSION,
  EROFS: ['the disk is read-only', 'write elsewhere'],
  EBUSY: ['another program holds the file', 'close that program'],
  ENOENT: ['the folder does not exist', 'create it first'],
  ENOTDIR: ['a file stands where a folder has to be', 'remove it, or write elsewhere'],
  EISDIR: ['there is a folder of this name', 'remove it, or choose another name'],
};

/** The system's name for the error, such as ENOSPC. Only upper-case names of system calls count. */
function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
