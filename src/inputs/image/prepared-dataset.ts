/**
 * The prepared images of a cache as a data set for the loader.
 */

import { AttuneError } from '../../errors.js';
import type { RgbImage } from '../picture.js';
import type { LabelledImage } from './image-folder.js';
import { prepareAgain } from './image-work.js';
import type { ImageDataset } from './loader.js';
import type { PreparedImage } from './prepare-images.js';
import type { PreparedCache } from './prepared-cache.js';
import { centerCropImage } from './preprocess.js';

/**
 * @param images as `prepareImages` returns them
 * @param cache the cache it filled
 * @param side of the square that is cut out of the middle of whole pictures, as batches need pictures of one size;
 *   default: the cache's own crop
 * @throws AttuneError 'usage' without a crop; reading throws 'data' if an image file had to be
 *   decoded again and has changed since, 'input' if it is gone
 */
export function preparedDataset(
  images: readonly PreparedImage<LabelledImage>[],
  cache: PreparedCache,
  side: number | null = cache.preprocessing.crop,
): ImageDataset {
  const { crop } = cache.preprocessing;
  if (side === null || (crop !== null && crop !== side)) {
    throw new AttuneError({
      code: 'usage',
      what:
        side === null
          ? 'pictures that are not cropped have different sizes and make no batches'
          : `pictures cropped to ${crop} x ${crop} give none of ${side} x ${side}`,
      where: 'preparedDataset',
      hint: 'give the preprocessing a crop',
    });
  }
  const pictures = preparedPictures(images, cache);
  return {
    height: side,
    width: side,
    labels: Int32Array.from(images, ({ label }) => label),
    async read(index) {
      const picture = await pictures.read(index);
      return (crop === null ? centerCropImage(picture, side) : picture).pixels;
    },
  };
}

/**
 * The pictures as the cache holds them, whole or cropped.
 *
 * @throws AttuneError reading throws 'data' if an image file had to be decoded again and has changed since, 'input' if
 *   it is gone
 */
export function preparedPictures(
  images: readonly PreparedImage<{ readonly path: string }>[],
  cache: PreparedCache,
): { readonly count: number; read(index: number): Promise<RgbImage> } {
  /** On this thread, as it is rare. */
  const repair = async (path: string, fileHash: string) => {
    const repaired = await prepareAgain(path, fileHash, cache.preprocessing);
    await cache.put(fileHash, repaired);
    return repaired;
  };
  return {
    count: images.length,
    async read(index) {
      const { path, fileHash } = images[index];
      return (await cache.get(fileHash)) ?? (await repair(path, fileHash));
    },
  };
}
