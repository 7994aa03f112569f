/**
 * Faults of the machine: too few file handles, no memory, a broken disk. They are not the fault of the file at which
 * they show, so that no file is left out because of them: the work ends, and says what to do.
 */
import { AttuneError } from './errors.js';

/** What is wrong and what to do about it, by the system's name of the error. */
const FAULTS: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  EMFILE: {
    what: 'this process may not open more files at once',
    hint: 'raise the limit (ulimit -n), or use fewer --workers',
  },
  ENFILE: {
    what: 'all programs together have too many files open',
    hint: 'end some of them, or raise the limit of the system',
  },
  ENOMEM: { what: 'the system has no memory left', hint: 'end other programs, or use fewer --workers' },
  EAGAIN: {
    what: 'the system starts no more threads',
    hint: 'raise the limit (ulimit -u), or use fewer --workers',
  },
  EIO: {
    what: 'the disk or the network drive reports a fault',
    hint: 'check it; where it is this file alone, replace the file or remove it',
  },
};
const NAMED = new RegExp(`\\b(${Object.keys(FAULTS).join('|')})\\b`);

/** The fault of the machine behind an error or one of its causes, as an AttuneError 'disk'; null where there is none. */
export function machineFault(thrown: unknown, where?: string): AttuneError | null {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    const name = faultOf(at);
    if (name === null) continue;
    const { what, hint } = FAULTS[name];
    return new AttuneError({ code: 'disk', what: `${what}, ${name}`, where, hint }, { cause: thrown });
  }
  return null;
}

function faultOf(error: NodeJS.ErrnoException): string | null {
  const { code = '' } = error;
  if (Object.hasOwn(FAULTS, code)) return code;
  // A thread that could not be started says why in words alone.
  return code === 'ERR_WORKER_INIT_FAILED' ? (NAMED.exec(error.message)?.[1] ?? null) : null;
}
