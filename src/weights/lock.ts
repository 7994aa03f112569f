/**
 * One process at a time: a lock file beside the file that is being made.
 *
 * It is created exclusively and holds who made it. The holder touches it every few seconds. Whoever
 * finds it waits; a lock whose process is dead, or that nobody has touched for a minute by the
 * waiter's own clock, is taken over. Clocks of two machines on one network folder need not agree.
 */

import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { judgeOwner, ownerHere, ownerSchema } from './owner.js';

const HEARTBEAT_MS = 5_000;
const POLL_MS = 250;
const STALE_MS = 60_000;

export interface LockOptions {
  /** Called at each look while another process holds the lock. */
  readonly onWait?: (() => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After how long without a touch a lock counts as abandoned; default 60 s. */
  readonly staleMs?: number | undefined;
}

export interface Lock {
  /** False if another process took the lock over, because this one slept for too long. */
  isHeld(): Promise<boolean>;
}

/**
 * Runs `body` while holding the lock file `path`, whose folder must exist; waits for it first.
 *
 * Throws the signal's reason when aborted while waiting, and Node's error if the file cannot be made.
 */
export async function withLock<T>(
  path: string,
  { onWait, signal, staleMs = STALE_MS }: LockOptions,
  body: (lock: Lock) => Promise<T>,
): Promise<T> {
  const mine = JSON.stringify({ ...ownerHere(), token: randomUUID() });
  let seen: { text: string; touched: number; since: number } | undefined;
  while (!(await create(path, mine))) {
    signal?.throwIfAborted();
    const now = performance.now();
    const found = await look(path);
    if (found === undefined) continue;
    if (seen?.text !== found.text || seen.touched !== found.touched) seen = { ...found, since: now };
    if (isDead(found.text) || now - seen.since > staleMs) {
      await takeAway(path, found.text, { signal, staleMs });
      continue;
    }
    await onWait?.();
    await sleep(POLL_MS, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }

  const isHeld = async () => (await look(path))?.text === mine;
  const touch = async () => {
    const now = new Date();
    if (await isHeld()) await utimes(path, now, now);
  };
  // A missed touch is no failure: isHeld() tells before anything is published.
  const heartbeat = setInterval(() => void touch().catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await body({ isHeld });
  } finally {
    clearInterval(heartbeat);
    if (await isHeld()) await rm(path, { force: true, maxRetries: 5 });
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function look(path: string): Promise<{ text: string; touched: number } | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, touched: (await stat(path)).mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether the lock names a process that has ended; of one that cannot be judged from here only time can tell. */
function isDead(text: string): boolean {
  try {
    return judgeOwner(v.parse(ownerSchema, JSON.parse(text))) === 'ended';
  } catch {
    return false; // half written, or not ours
  }
}

/**
 * Removes the lock file `path` if it still holds `abandoned`. A waiter may have looked long ago, and the lock may be that of
 * a faster one meanwhile; so those who remove take turns, by a lock of their own, and look again. A lock in use is never
 * moved, not even for a moment, since its holder would then take it for lost. Exported for its test.
 */
export async function takeAway(path: string, abandoned: string, options: LockOptions = {}): Promise<void> {
  await withLock(`${path}.removal`, options, async () => {
    if ((await look(path))?.text === abandoned) await rm(path, { force: true, maxRetries: 5 });
  });
}
