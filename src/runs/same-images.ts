/** A run goes on with the images that it began with, or not at all. */
import { type ImagePool, openImagePool } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { throwIfAborted } from '../interruption.js';
import type { RunContext } from '../recipe/options.js';
import type { RunState } from './run-state.js';

/**
 * Hashes every image of a run. Throws AttuneError 'data' with the number of those that have changed or are gone.
 * @param where the folder of the images
 */
export async function assertSameImages(
  images: RunState['images'],
  where: string,
  { onEvent, signal }: RunContext,
): Promise<void> {
  const all = [...images.train, ...images.val, ...images.test];
  const pool = openImagePool();
  let next = 0;
  let done = 0;
  let changed = 0;
  const lane = async () => {
    while (next < all.length && !signal?.aborted) {
      const { path, hash } = all[next++];
      if ((await hashOf(path, pool)) !== hash) changed++;
      onEvent?.({
        type: 'progress',
        task: 'comparing files',
        done: ++done,
        total: all.length,
        secondsLeft: null,
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: 2 * pool.workers }, lane));
  } finally {
    await pool.close();
  }
  throwIfAborted(signal);
  if (changed === 0) return;
  throw new AttuneError({
    code: 'data',
    what: `${changed} ${changed === 1 ? 'file has' : 'files have'} changed or gone since the run began`,
    where,
    hint: 'put them back, or start a new run',
  });
}

/** Null for an image that cannot be read. */
async function hashOf(path: string, pool: ImagePool): Promise<string | null> {
  try {
    return (await pool.run({ kind: 'hash', path })).fileHash;
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'input') return null;
    throw error;
  }
}
