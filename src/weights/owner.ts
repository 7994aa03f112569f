/**
 * Whose a lock is: what a process writes of itself into it, and whether that process still lives.
 *
 * Its number alone does not tell. A process that has ended keeps its number as a zombie until its parent asks for it, which
 * in a container may be never; another process may have got the number since; and two containers of one host name each have
 * numbers of their own. So beside it stand the moment at which the process began, and what its number is one of: on Linux
 * the boot of the machine and the PID namespace, elsewhere the host. Where these do not decide, only time does: whoever
 * holds a lock touches it every few seconds.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as v from 'valibot';

/** A process, as a lock names it. */
export const ownerSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  /** Within what `pid` is one process alone; null or absent where that is not known. */
  numbers: v.optional(v.nullable(v.string()), null),
  /** When it began, as the system counts; null or absent where that is not known. */
  start: v.optional(v.nullable(v.string()), null),
});

export type Owner = Readonly<v.InferOutput<typeof ownerSchema>>;

/** What the system tells of a process; each null where it does not tell. */
export interface ProcessFacts {
  /** One letter: Z is a zombie, X is dead. */
  readonly state: string | null;
  readonly start: string | null;
}

/** What the answer depends on; a test passes its own. */
export interface ProcessSources {
  readonly pid: number;
  readonly host: string;
  readonly numbers: string | null;
  /** Null where there is no such process. */
  readonly look: (pid: number) => ProcessFacts | null;
}

const system: ProcessSources = { pid: process.pid, host: hostname(), numbers: numbersHere(), look };

/** This process. */
export function ownerHere({ pid, host, numbers, look }: ProcessSources = system): Owner {
  return { pid, host, numbers, start: look(pid)?.start ?? null };
}

/** Whether a process has ended, lives, is this one, or cannot be judged from here. */
export function judgeOwner(
  owner: Owner,
  sources: ProcessSources = system,
): 'ended' | 'lives' | 'self' | 'unknown' {
  if (owner.numbers === null || owner.numbers !== sources.numbers) return 'unknown';
  const found = sources.look(owner.pid);
  if (found === null || found.state === 'Z' || found.state === 'X') return 'ended';
  const isKnown = owner.start !== null && found.start !== null;
  if (isKnown && owner.start !== found.start) return 'ended';
  if (owner.pid === sources.pid) return 'self';
  return isKnown ? 'lives' : 'unknown';
}

/** Names the set of process numbers that this process shares with its neighbours; null where that is unknown. */
function numbersHere(): string | null {
  if (process.platform !== 'linux') return `host ${hostname()}`;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `boot ${boot}, ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null; // a container without /proc
  }
}

function look(pid: number): ProcessFacts | null {
  try {
    // proc(5): number, name in parentheses, state, and as the 22nd field the start in ticks since the boot.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? null, start: fields[19] ?? null };
  } catch {
    // Another system, or one that hides the processes of others.
    return isAlive(pid) ? { state: null, start: null } : null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is another user's
  }
}
