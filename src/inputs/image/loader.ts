/**
 * Batches for training and evaluation, for loops written by hand: a run's come from training-loader.ts and image-store.ts.
 *
 * The order of an epoch is a pure function of seed and epoch. The next batch is read while the
 * current one is being used.
 */

import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { normalize, type Preprocessing } from './preprocess.js';
import { cutIntoBatches } from '../batches.js';
import { permutation, purpose, seededRandom } from '../random.js';

/** Pictures of one size, by index. */
export interface ImageDataset {
  readonly height: number;
  readonly width: number;
  /** Class index of each picture; its length is the number of pictures. */
  readonly labels: Int32Array;
  /** The `height * width * 3` bytes of one picture. */
  read(index: number): Promise<Uint8Array>;
}

export interface DataLoaderOptions {
  readonly batchSize: number;
  /** Shuffles; without it the order is that of the data set. */
  readonly shuffle?: { readonly seed: number; readonly epoch: number } | undefined;
  /** Leaves out a last batch that is not full; default false. */
  readonly dropLast?: boolean | undefined;
  /**
   * Lets a last batch of one picture join the batch before it, as batch norm cannot train on one;
   * default false.
   */
  readonly joinSingle?: boolean | undefined;
  /** Mean and std to normalise with; without them the images stay bytes. */
  readonly normalize?: Pick<Preprocessing, 'mean' | 'std'> | undefined;
}

const NAMES: OptionNames<DataLoaderOptions> = {
  batchSize: true,
  shuffle: true,
  dropLast: true,
  joinSingle: true,
  normalize: true,
};

export interface Batch<Images extends Uint8Array | Float32Array = Uint8Array | Float32Array> {
  /** [size, height, width, 3], channels last. */
  readonly images: Images;
  /** Class index of each picture. */
  readonly labels: Int32Array;
  /** Where each picture stands in the data set. */
  readonly indices: Uint32Array;
  /** Number of pictures. */
  readonly size: number;
}

/**
 * Iterates over a data set once.
 *
 * @throws AttuneError 'usage' for an unknown option, and if the batch size is not a positive integer
 * @throws AttuneError whatever reading a picture throws
 */
export function dataLoader(
  dataset: ImageDataset,
  options: DataLoaderOptions & { readonly normalize: Pick<Preprocessing, 'mean' | 'std'> },
): AsyncGenerator<Batch<Float32Array>, void, undefined>;
export function dataLoader(
  dataset: ImageDataset,
  options: DataLoaderOptions & { readonly normalize?: undefined },
): AsyncGenerator<Batch<Uint8Array>, void, undefined>;
export function dataLoader(
  dataset: ImageDataset,
  options: DataLoaderOptions,
): AsyncGenerator<Batch, void, undefined> {
  refuseUnknownOptions(options, NAMES, 'dataLoader');
  const { shuffle, normalize: scale } = options;
  if (shuffle !== undefined) refuseUnknownOptions(shuffle, { seed: true, epoch: true }, 'shuffle');
  if (scale !== undefined) refuseUnknownOptions(scale, { mean: true, std: true }, 'normalize');
  return readAhead(batchIndices(dataset.labels.length, options), (indices) =>
    readBatch(dataset, indices, scale),
  );
}

/** The indices of each batch of an epoch, in order. */
export function batchIndices(length: number, { shuffle, ...options }: DataLoaderOptions): Uint32Array[] {
  const order = shuffle
    ? permutation(length, seededRandom(shuffle.seed, purpose.shuffle, shuffle.epoch))
    : Uint32Array.from({ length }, (_, index) => index);
  return cutIntoBatches(order, options);
}

/** Keeps one batch in preparation while its predecessor is used. */
async function* readAhead<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const begin = (index: number) => {
    const result = index < items.length ? read(items[index]) : undefined;
    result?.catch(() => {}); // thrown by the `await` below, unless the loop is left before
    return result;
  };
  let next = begin(0);
  for (let index = 0; next !== undefined; index++) {
    const current = await next;
    next = begin(index + 1);
    yield current;
  }
}

async function readBatch(
  dataset: ImageDataset,
  indices: Uint32Array,
  scale: DataLoaderOptions['normalize'],
): Promise<Batch> {
  const pictureLength = dataset.height * dataset.width * 3;
  const length = indices.length * pictureLength;
  const images = scale ? new Float32Array(length) : new Uint8Array(length);
  await Promise.all(
    Array.from(indices, async (index, position) => {
      const pixels = await dataset.read(index);
      const place = images.subarray(position * pictureLength, (position + 1) * pictureLength);
      if (place instanceof Float32Array) normalize(pixels, scale as NonNullable<typeof scale>, place);
      else place.set(pixels);
    }),
  );
  const labels = Int32Array.from(indices, (index) => dataset.labels[index]);
  return { images, labels, indices, size: indices.length };
}
