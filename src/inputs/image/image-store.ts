/** Images as training and evaluation read them: decoded once into the caches, and varied by the threads of a pool. */
import { preparedDataset, preparedPictures } from './prepared-dataset.js';
import { type Augmentation, augmentationOf } from './augment-parts.js';
import { imageInput, sampleOf, sideOf } from './input.js';
import { openImagePool } from './pool.js';
import { prepareImages } from './prepare-images.js';
import { openPreparedCache } from './prepared-cache.js';
import type { Preprocessing } from './preprocess.js';
import type { RgbImage } from '../picture.js';
import type { PreparedSample, SampleStore, StoreOptions } from '../store.js';
import { trainingSamples } from './training-loader.js';

/** Images as they are, too. */
export interface ImageStore extends SampleStore {
  /** The pictures as the cache holds them: whole, without a crop. */
  pictures(samples: readonly PreparedSample[]): {
    readonly count: number;
    read(index: number): Promise<RgbImage>;
  };
}

const NOT_VARIED: Augmentation = { kind: 'none' };

/** Opens the caches. Throws AttuneError 'disk'. */
export async function openImageStore(
  preprocessing: Preprocessing,
  { workers, variation }: StoreOptions,
): Promise<ImageStore> {
  const augmentation =
    variation === null ? NOT_VARIED : augmentationOf(variation.augment, variation.cropScale);
  const pool = openImagePool({ workers });
  const cache = await openPreparedCache(preprocessing);
  // Training takes random crops: its images are kept whole. The middle can be cut out of a whole picture, so no image is
  // decoded or kept twice.
  const isWhole = augmentation.kind === 'standard';
  const wholeCache = isWhole ? await openPreparedCache({ ...preprocessing, crop: null }) : cache;
  return {
    prepare(samples, { trained, ...hooks }) {
      const cacheOf = (path: string) => (trained?.has(path) ? wholeCache : cache);
      return prepareImages(samples, preprocessing, { ...hooks, cache, cacheOf, pool });
    },
    source(samples, isTrained = false) {
      if (preprocessing.crop === null) {
        const { count, read } = preparedPictures(samples, cache);
        return { count, read: async (index) => sampleOf(await read(index)) };
      }
      const { read } = preparedDataset(samples, isTrained ? wholeCache : cache, preprocessing.crop);
      return { count: samples.length, read: async (index) => ({ images: await read(index) }) };
    },
    training: (samples) =>
      trainingSamples(
        { images: samples, cache: wholeCache },
        { augmentation, side: sideOf(preprocessing), pool, input: imageInput(preprocessing) },
      ),
    pictures: (samples) => preparedPictures(samples, cache),
    folder: cache.folder,
    observe: (observer) => pool.observe(observer),
    async close() {
      await pool.close();
      await cache.close();
      if (wholeCache !== cache) await wholeCache.close();
    },
  };
}
