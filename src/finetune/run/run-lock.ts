/**
 * One process at a time works on a run: it leaves its mark in the folder, and whoever finds the mark of a process that
 * still lives is refused. The mark of one that was killed counts nothing.
 *
 * A mark appears with all that it says, as a link to a file that was written before. Of two processes that find a dead mark
 * at once, one must not remove the fresh mark of the other: whoever replaces a dead one first takes a second mark, named by
 * what the dead one says, and looks again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import { removeLeftovers } from './run-folder.js';

/** Name of the mark inside a run folder. */
export const LOCK_FILE = '.running';

const markSchema = v.object({ pid: v.pipe(v.number(), v.integer(), v.minValue(1)), host: v.string() });

/** The marks of this process. */
const held = new Set<string>();

/**
 * Does `work` as the only process on the run in `folder`, after what a killed one has left there was removed. Throws
 * AttuneError 'input' when another one works on it, 'disk' when the mark cannot be written.
 */
export async function withRunLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK_FILE);
  if (held.has(path)) throw taken(path, 'this process');
  held.add(path);
  try {
    await mark(path);
    try {
      // They do no harm where they cannot be removed.
      await removeLeftovers(folder).catch(() => undefined);
      await removeDeadMarks(folder).catch(() => undefined);
      return await work();
    } finally {
      // What the work failed with is to be told; a mark that stays counts nothing once this process has ended.
      await rm(path, { force: true }).catch(() => undefined);
    }
  } finally {
    held.delete(path);
  }
}

/** What this process writes into its marks; no two are equal. */
function newMark(): string {
  return JSON.stringify({ pid: process.pid, host: hostname(), mark: randomBytes(6).toString('hex') });
}

async function mark(path: string): Promise<void> {
  const text = newMark();
  const written = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(written, text, { flag: 'wx' });
    await take(path, written, text);
  } catch (error) {
    if (error instanceof AttuneError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const what = `the run folder cannot be written: ${code ?? message}`;
    const hint = 'check permissions and free space';
    throw new AttuneError({ code: 'disk', what, where: path, hint }, { cause: error });
  } finally {
    await rm(written, { force: true }).catch(() => undefined);
  }
}

/** Makes the mark at `path` a link to the one that is written, or throws AttuneError 'input'. */
async function take(path: string, written: string, text: string): Promise<void> {
  for (;;) {
    if (await placed(path, written, text)) return;
    const found = await textOf(path);
    if (found === null) continue; // gone since
    const owner = livingOwner(found);
    if (owner !== null) throw taken(join(dirname(path), LOCK_FILE), owner);
    const claim = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, 16)}`;
    await take(claim, written, text);
    try {
      // Whoever has replaced it before had the same claim, and has given it back.
      if ((await textOf(path)) !== found) continue;
      const own = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      await writeFile(own, text, { flag: 'wx' });
      return await rename(own, path);
    } finally {
      await rm(claim, { force: true });
    }
  }
}

/** Puts a mark where there is none; false where there is one. */
async function placed(path: string, written: string, text: string): Promise<boolean> {
  try {
    await link(written, path).catch((error: NodeJS.ErrnoException) => {
      // A file system without links. There a mark is empty for a moment.
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(error.code ?? '')) throw error;
      return writeFile(path, text, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Removes marks that never came to their place, of processes that have ended. */
async function removeDeadMarks(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${LOCK_FILE}.`)) continue;
    const text = await textOf(join(folder, name));
    // An empty one is about to be written by a process that lives.
    if (text !== null && text !== '' && livingOwner(text) === null)
      await rm(join(folder, name), { force: true });
  }
}

/** Null when the file is gone. */
async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** The process that works on the run, in words; null when it has ended. */
function livingOwner(text: string): string | null {
  let parsed: v.SafeParseResult<typeof markSchema>;
  try {
    parsed = v.safeParse(markSchema, JSON.parse(text));
  } catch {
    return null; // of a file system without links, killed while it wrote its mark
  }
  if (!parsed.success) return null;
  const { pid, host } = parsed.output;
  if (host !== hostname()) return `process ${pid} on ${host}`;
  return pid === process.pid || !isAlive(pid) ? null : `process ${pid}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is another user's
  }
}

/** Whether a failure is that another process works on a run. */
export function isTaken({ code, where }: AttuneError): boolean {
  return code === 'input' && where !== undefined && basename(where) === LOCK_FILE;
}

function taken(path: string, owner: string | null): AttuneError {
  return new AttuneError({
    code: 'input',
    what: `${owner ?? 'another process'} is working on this run`,
    where: path,
    hint: 'wait until it has ended; remove this file if it has',
  });
}
