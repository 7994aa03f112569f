/**
 * One process at a time works on a run: it leaves its mark in the folder, and whoever finds the mark of a process that
 * still lives is refused. The mark of one that was killed counts nothing.
 */
import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';

/** Name of the mark inside a run folder. */
export const LOCK_FILE = '.running';

const markSchema = v.object({ pid: v.pipe(v.number(), v.integer(), v.minValue(1)), host: v.string() });

/** The marks of this process. */
const held = new Set<string>();

/**
 * Does `work` as the only process on the run in `folder`. Throws AttuneError 'input' when another one works on it,
 * 'disk' when the mark cannot be written.
 */
export async function withRunLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK_FILE);
  if (held.has(path)) throw taken(path, 'this process');
  held.add(path);
  try {
    await mark(path);
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    held.delete(path);
  }
}

async function mark(path: string): Promise<void> {
  for (const mayReplace of [true, false]) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
      return await file.close();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') {
        const what = `the run folder cannot be written: ${code ?? message}`;
        throw new AttuneError(
          { code: 'disk', what, where: path, hint: 'check permissions and free space' },
          { cause: error },
        );
      }
      const owner = await livingOwner(path);
      if (owner !== null || !mayReplace) throw taken(path, owner);
      await rm(path, { force: true });
    }
  }
}

/** The process that works on the run, in words; null when it has ended. */
async function livingOwner(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  let parsed: v.SafeParseResult<typeof markSchema>;
  try {
    parsed = v.safeParse(markSchema, JSON.parse(text));
  } catch {
    return null; // killed while it wrote its mark
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
