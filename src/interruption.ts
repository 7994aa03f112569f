/** What Ctrl-C does to a long function: it ends soon, with an AttuneError of code 'interrupted'. */
import { AttuneError } from './errors.js';

/** Throws AttuneError 'interrupted' when the signal is aborted. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (!signal?.aborted) return;
  const hint = 'what was computed is kept; run the same command again';
  throw new AttuneError({ code: 'interrupted', what: 'the run was interrupted', hint });
}

/** For the end of work that may be left undone: whatever else it failed with is thrown on. */
export function throwUnlessInterrupted(error: unknown): void {
  if (!(error instanceof AttuneError) || error.code !== 'interrupted') throw error;
}
