/**
 * The prepared images of a cache as a data set for the loader.
 */

import { AttuneError } from '../errors.js';
import type { LabelledImage } from './image-folder.js';
import { prepareAgain } from './image-tasks.js';
import type { ImageDataset } from './loader.js';
import type { PreparedImage } from './prepare-images.js';
import type { PreparedCache } from './prepared-cache.js';

/**
 * @param images as `prepareImages` returns them
 * @param cache the cache it filled; it must have a crop, as batches need pictures of one size
 * @throws AttuneError 'usage' without a crop; reading throws 'data' if an image file had to be
 *   decoded again and has changed since, 'input' if it is gone
 */
export function preparedDataset(
  images: readonly PreparedImage<LabelledImage>[],
  cache: PreparedCache,
): ImageDataset {
  const { crop } = cache.preprocessing;
  if (crop === null) {
    throw new AttuneError({
      code: 'usage',
      what: 'pictures that are not cropped have different sizes and make no batches',
      where: 'preparedDataset',
      hint: 'give the preprocessing a crop',
    });
  }
  return {
    height: crop,
    width: crop,
    labels: Int32Array.from(images, ({ label }) => label),
    async read(index) {
      const { path, fileHash } = images[index];
      const cached = await cache.get(fileHash);
      if (cached !== null) return cached.pixels;
      // On this thread, as it is rare.
      const repaired = await prepareAgain(path, fileHash, cache.preprocessing);
      await cache.put(fileHash, repaired);
      return repaired.pixels;
    },
  };
}
