/** Going through many image files with a pool of workers: bad ones get a reason, and the others go on. */

import { AttuneError } from '../../errors.js';

export type Visit = (path: string) => Promise<void>;

/**
 * Visits all paths, twice as many at a time as there are workers, so that none waits and memory
 * stays bounded. A path that cannot be read gets its reason; any other failure ends the visit.
 */
export async function visitAll(
  paths: readonly string[],
  workers: number,
  signal: AbortSignal | undefined,
  reasons: Map<string, string>,
  visit: Visit,
  onDone: (done: number) => void,
): Promise<void> {
  let next = 0;
  let done = 0;
  let failed = false;
  async function lane(): Promise<void> {
    while (next < paths.length && !failed) {
      if (signal?.aborted) throw interruptedError(done, paths.length);
      const path = paths[next++];
      try {
        await visit(path);
      } catch (error) {
        if (!(error instanceof AttuneError && error.code === 'input')) throw error;
        reasons.set(path, error.what);
      }
      onDone(++done);
    }
  }
  const lanes = Array.from({ length: workers * 2 }, () =>
    lane().catch((error: unknown) => {
      failed = true; // the other lanes finish what they hold, so that nothing writes afterwards
      throw error;
    }),
  );
  const failure = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason;
}

function interruptedError(done: number, total: number): AttuneError {
  return new AttuneError({
    code: 'interrupted',
    what: `reading the images was interrupted after ${done} of ${total}`,
    hint: 'run the command again; what is in the cache is not decoded again',
  });
}
