/**
 * Opening files that may come from a stranger: regular ones only, and in folders that attune works in without following
 * links. A named pipe waits for its other end, a device may do anything when it is opened, and a link in a folder that
 * somebody has sent may name any file of the user's.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { AttuneError } from '../errors.js';

/** Whether a symbolic link in the place of a file is followed or refused. */
export type Links = 'follow' | 'refuse';

// Windows has neither; there the look before opening has to do.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_WAITING = constants.O_NONBLOCK ?? 0;

/**
 * Opens a regular file to read it, or to change what is there. Throws AttuneError 'input' for anything else than a file or
 * a folder, Node's error for a folder (EISDIR), and whatever opening fails with.
 */
export async function openRegular(
  path: string,
  links: Links,
  purpose: 'read' | 'change' = 'read',
): Promise<FileHandle> {
  assertRegular(path, await (links === 'refuse' ? lstat : stat)(path));
  const access = purpose === 'read' ? constants.O_RDONLY : constants.O_RDWR;
  const handle = await open(path, access | NO_WAITING | (links === 'refuse' ? NO_FOLLOW : 0)).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOOP' && links === 'refuse' ? notRegular(path, 'a symbolic link') : error;
    },
  );
  try {
    // What was looked at before may have been exchanged since.
    assertRegular(path, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a whole text file. Throws as `openRegular` does. */
export async function readRegularText(path: string, links: Links): Promise<string> {
  const handle = await openRegular(path, links);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * What `lstat` or `stat` found at a path has to be a regular file. Throws AttuneError 'input', and Node's error EISDIR for a
 * folder.
 */
export function assertRegular(path: string, status: Stats): void {
  if (status.isFile()) return;
  if (status.isDirectory())
    throw Object.assign(new Error('EISDIR: illegal operation on a directory'), { code: 'EISDIR' });
  throw notRegular(path, kindOf(status));
}

/** What is at a path, for people. */
export function kindOf(status: Stats): string {
  if (status.isFile()) return 'a file';
  if (status.isDirectory()) return 'a folder';
  if (status.isSymbolicLink()) return 'a symbolic link';
  if (status.isFIFO()) return 'a named pipe';
  return status.isSocket() ? 'a socket' : 'a device';
}

function notRegular(where: string, kind: string): AttuneError {
  return new AttuneError({
    code: 'input',
    what: `this is ${kind}, where attune opens regular files only`,
    where,
    hint: 'remove it; in a folder from somebody else it may stand for a file of yours',
  });
}
