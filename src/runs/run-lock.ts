/**
 * One process at a time works on a run: it leaves its mark in the folder, and whoever finds the mark of a process that
 * still lives is refused. The mark of one that has ended counts nothing. Where another process cannot be judged from here
 * (owner.ts), its mark does: it is written again every few seconds, and one that is not for a minute counts nothing. Both
 * times are those of the file system, so clocks of two machines need not agree.
 *
 * A mark appears with all that it says, as a link to a file that was written before. If two processes find a dead mark
 * at once, one must not remove the fresh mark of the other: whoever replaces a dead one first takes a second mark, named by
 * what the dead one says, and looks again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, link, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { openRegular } from '../formats/index.js';
import { judgeOwner, ownerHere, ownerSchema } from '../weights/owner.js';
import { LOCK_FILE, removeLeftovers } from './run-folder.js';

/** Times of a mark; tests have others. */
export const LOCK_TIMES = {
  /** Between two times that it is written. */
  beatMs: 5_000,
  /** After this long without, it counts nothing. */
  staleMs: 60_000,
};

/** The marks of this process, and what each says. */
const held = new Map<string, string>();

/**
 * Does `work` as the only process on the run in `folder`, after what a killed one has left there was removed. Throws
 * AttuneError 'input' when another one works on it, 'disk' when the mark cannot be written.
 */
export async function withRunLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK_FILE);
  if (held.has(path)) throw taken(path, 'this process');
  const text = newMark();
  held.set(path, text);
  try {
    await mark(path, text);
    const heart = await startHeart(path, text);
    try {
      // They do no harm where they cannot be removed.
      await removeLeftovers(folder).catch(() => undefined);
      await removeDeadMarks(folder, path).catch(() => undefined);
      return await work();
    } finally {
      await heart.stop();
      // What the work failed with is to be told; a mark that stays counts nothing once this process has ended.
      if (await isHeld(path, text)) await rm(path, { force: true }).catch(() => undefined);
    }
  } finally {
    held.delete(path);
  }
}

/**
 * Throws AttuneError 'input' where this process has held a run and another one has taken it over since: this one stood still
 * for longer than a mark counts.
 */
export async function assertRunLock(folder: string): Promise<void> {
  const path = join(folder, LOCK_FILE);
  const text = held.get(path);
  if (text === undefined || (await isHeld(path, text))) return;
  throw new AttuneError({
    code: 'input',
    what: 'another process has taken this run over, because this one stood still',
    where: path,
    hint: 'let it go on with the run; what this process did since then is not saved',
  });
}

async function isHeld(path: string, text: string): Promise<boolean> {
  return (await look(path).catch(() => null))?.text === text;
}

/** What this process writes into its marks; no two are equal. */
function newMark(): string {
  return JSON.stringify({ ...ownerHere(), mark: randomBytes(6).toString('hex') });
}

/** Writes the same text into the same file again and again: by its time others see that this process lives. */
async function startHeart(path: string, text: string): Promise<{ stop(): Promise<void> }> {
  let file: FileHandle | null = null;
  try {
    file = await openRegular(path, 'refuse', 'change');
  } catch {
    // Without, the mark counts for a minute where others cannot see this process.
  }
  // A beat that fails changes nothing that was written.
  const beat = () => void file?.write(text, 0).catch(() => undefined);
  const timer = setInterval(beat, LOCK_TIMES.beatMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await file?.close().catch(() => undefined);
    },
  };
}

async function mark(path: string, text: string): Promise<void> {
  const written = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(written, text, { flag: 'wx' });
    const { touched: now } = (await look(written)) ?? { touched: 0 };
    await take(path, { written, text, now });
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

/** A mark that is to come to its place: the file that it was written to, and when that was. */
interface NewMark {
  readonly written: string;
  readonly text: string;
  readonly now: number;
}

/** Makes the mark at `path` a link to the one that is written, or throws AttuneError 'input'. */
async function take(path: string, fresh: NewMark): Promise<void> {
  const { written, text, now } = fresh;
  for (;;) {
    if (await placed(path, written, text)) return;
    const found = await look(path);
    if (found === null) continue; // gone since
    const owner = livingOwner(found, now);
    if (owner !== null) throw taken(join(dirname(path), LOCK_FILE), owner);
    const claim = `${path}.${createHash('sha256').update(found.text).digest('hex').slice(0, 16)}`;
    await take(claim, fresh);
    try {
      // Whoever has replaced it before had the same claim, and has given it back.
      if ((await look(path))?.text !== found.text) continue;
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
async function removeDeadMarks(folder: string, own: string): Promise<void> {
  const { touched: now } = (await look(own)) ?? { touched: 0 };
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${LOCK_FILE}.`)) continue;
    const found = await look(join(folder, name));
    // An empty one is about to be written by a process that lives.
    if (found !== null && found.text !== '' && livingOwner(found, now) === null)
      await rm(join(folder, name), { force: true });
  }
}

/** What a mark says, and when it was written last, in milliseconds of the file system. */
interface FoundMark {
  readonly text: string;
  readonly touched: number;
}

/** Null when the file is gone. Throws AttuneError 'input' for what is no regular file. */
async function look(path: string): Promise<FoundMark | null> {
  const file = await openRegular(path, 'refuse').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const text = await file.readFile('utf8');
    return { text, touched: (await file.stat()).mtimeMs };
  } finally {
    await file.close();
  }
}

/** The process that works on the run, in words; null when it has ended. */
function livingOwner({ text, touched }: FoundMark, now: number): string | null {
  let parsed: v.SafeParseResult<typeof ownerSchema>;
  try {
    parsed = v.safeParse(ownerSchema, JSON.parse(text));
  } catch {
    return null; // of a file system without links, killed while it wrote its mark
  }
  if (!parsed.success) return null;
  const { pid, host } = parsed.output;
  const verdict = judgeOwner(parsed.output);
  if (verdict === 'lives') return `process ${pid}`;
  const isFresh = now - touched <= LOCK_TIMES.staleMs;
  return verdict === 'unknown' && isFresh
    ? `process ${pid} on ${host}, which cannot be seen from here,`
    : null;
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
    hint: 'wait until it has ended; if it was killed, a minute longer, or remove this file',
  });
}
