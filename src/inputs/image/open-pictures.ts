/** Images that nobody has prepared: read when they are asked for. */
import { AttuneError } from '../../errors.js';
import type { RgbImage } from '../picture.js';
import type { FileSamples } from '../store.js';
import { blackImage, sampleOf } from './input.js';
import { type ImagePool, openImagePool } from './pool.js';
import type { Preprocessing } from './preprocess.js';

/**
 * Images that are read when their batch comes, however many there are. In place of one that cannot be read stands a black
 * one; `errors` has its reason.
 */
export function openPictures(
  paths: readonly string[],
  preprocessing: Preprocessing,
  pool: ImagePool,
): {
  readonly count: number;
  readonly errors: ReadonlyMap<string, string>;
  read(index: number): Promise<RgbImage>;
} {
  const errors = new Map<string, string>();
  const side = preprocessing.crop ?? preprocessing.resize;
  return {
    count: paths.length,
    errors,
    async read(index) {
      const path = paths[index];
      try {
        return (await pool.run({ kind: 'prepare', path, preprocessing })).image;
      } catch (error) {
        if (!(error instanceof AttuneError && error.code === 'input')) throw error;
        errors.set(path, error.what);
        return blackImage(side);
      }
    },
  };
}

/** The same as samples, with a pool of their own. */
export function openImageFiles(
  paths: readonly string[],
  preprocessing: Preprocessing,
  workers: number | undefined,
): FileSamples {
  const pool = openImagePool({ workers });
  const { count, errors, read } = openPictures(paths, preprocessing, pool);
  return {
    count,
    errors,
    note: () => null,
    read: async (index) => sampleOf(await read(index)),
    close: () => pool.close(),
  };
}
