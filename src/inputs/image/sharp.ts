/**
 * The library that decodes and writes images. It is loaded at the first image, so that commands which touch none need
 * no native library.
 */

import { createRequire } from 'node:module';
import { AttuneError } from '../../errors.js';

type SharpModule = typeof import('sharp').default;
let loaded: SharpModule | undefined;

/**
 * Loads sharp once, with the settings of a process that decodes each image once. By `require`: its ES modules import
 * JSON in a syntax that Node has only from 20.10 on.
 */
export function loadSharp(): SharpModule {
  if (loaded !== undefined) return loaded;
  try {
    const sharp: SharpModule = createRequire(import.meta.url)('sharp');
    sharp.cache(false); // nothing is decoded twice; the cache would only hold memory
    sharp.concurrency(1); // the pool's workers are the parallelism
    loaded = sharp;
    return sharp;
  } catch (error) {
    throw new AttuneError(
      {
        code: 'internal',
        what: 'the image decoder sharp does not load on this machine',
        where: `${process.platform}-${process.arch}`,
        hint: 'run npm ci again on this machine, with optional dependencies',
      },
      { cause: error },
    );
  }
}
