/**
 * The batches of a training epoch, prepared ahead by the worker pool.
 *
 * Order and augmentation are functions of seed and epoch, so that an epoch may begin at any
 * batch and has the same bytes from there on. Workers read the cache, augment, and hand over the
 * pixels; this thread only copies them into their batch. A picture whose record is damaged is
 * prepared again from its file, and its record is written anew.
 */

import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { checkAugmentation } from './augment.js';
import { type Augmentation, drawSteps, type ImageStep } from './augment-parts.js';
import type { LabelledImage } from './image-folder.js';
import { type ImagePool, openImagePool } from './pool.js';
import type { PreparedImage } from './prepare-images.js';
import type { PreparedCache } from './prepared-cache.js';
import { epochBatches, randomOf } from '../batches.js';
import type { EpochBatch, EpochOptions, TrainingSamples } from '../epoch.js';
import type { HostArray } from '../host-batch.js';
import type { Input } from '../input.js';
import type { Sample } from '../random.js';

/** What training reads. */
export interface TrainingDataset {
  /** As `prepareImages` returns them. */
  readonly images: readonly PreparedImage<LabelledImage>[];
  /**
   * The cache it filled. `standard` augmentation needs one without a crop; `none` and `flip` may
   * read the evaluation's, which is smaller.
   */
  readonly cache: PreparedCache;
}

export interface TrainingOptions extends EpochOptions {
  readonly augmentation: Augmentation;
  /** Width and height of the network's input in pixels. */
  readonly side: number;
  /** The pool to use; default: opened for this epoch and closed after it. */
  readonly pool?: ImagePool | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NAMES: OptionNames<TrainingOptions> = {
  batchSize: true,
  seed: true,
  epoch: true,
  sampling: true,
  startBatch: true,
  joinSingle: true,
  augmentation: true,
  side: true,
  ahead: true,
  pool: true,
  spare: true,
  signal: true,
};

/** A batch of varied pictures, for loops written by hand. */
export interface TrainingBatch extends EpochBatch {
  /** The same as `arrays.images`: [n, side, side, 3], channels last. */
  readonly images: Uint8Array;
  /** Class index of each picture. */
  readonly labels: Int32Array;
  /** What each picture goes through on the device; see `applySteps`. */
  readonly steps: readonly (readonly ImageStep[])[];
}

/** A data set as the trainer takes it. `augmentation` and the side are those of all its epochs. */
export function trainingSamples(
  dataset: TrainingDataset,
  {
    augmentation,
    side,
    pool,
    input,
  }: {
    readonly augmentation: Augmentation;
    readonly side: number;
    readonly pool: ImagePool;
    readonly input: Input;
  },
): TrainingSamples<PreparedImage<LabelledImage>> {
  const { parts = [] } = augmentation;
  // Which numbers are drawn does not show in a plan.
  const steps = drawSteps(parts, side, { seed: 0, epoch: 0, index: 0 });
  return {
    input,
    images: dataset.images,
    workers: pool.workers,
    batches: (options) => trainingBatches(dataset, { ...options, augmentation, side, pool }),
    blank: (size) => ({ ...input.blank(size), steps: new Array(size).fill(steps) }),
  };
}

/**
 * Iterates over one epoch. Leaving the loop early ends what is being prepared before it returns.
 *
 * @throws AttuneError 'usage' at once if an option is unknown, makes no sense or does not fit the cache
 * @throws AttuneError 'data' if an image had to be prepared again and has changed since, 'input'
 *   if it is gone, 'disk' if its record cannot be written, 'interrupted' on the signal
 */
export function trainingBatches(
  dataset: TrainingDataset,
  options: TrainingOptions,
): AsyncGenerator<TrainingBatch, void, undefined> {
  refuseUnknownOptions(options, NAMES, 'trainingBatches');
  const { startBatch = 0, ahead = 2 } = options;
  checkAugmentation(options.augmentation);
  checkCache(dataset.cache, options);
  const labels = dataset.images.map(({ label }) => label);
  const order = epochBatches(labels, options);
  checkInteger('first batch', startBatch, 0, order.length);
  checkInteger('number of batches ahead', ahead, 0, Number.MAX_SAFE_INTEGER);
  return epochFrom(dataset, order, startBatch, ahead, options);
}

async function* epochFrom(
  dataset: TrainingDataset,
  order: readonly Uint32Array[],
  startBatch: number,
  ahead: number,
  options: TrainingOptions,
): AsyncGenerator<TrainingBatch, void, undefined> {
  const pool = options.pool ?? openImagePool();
  const leaving = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal;
  const preparing: Promise<TrainingBatch>[] = [];
  const begin = (batch: number) => {
    const result = readBatch(dataset, order[batch], batch, pool, options, signal);
    result.catch(() => {}); // thrown by the `await` below, unless the loop is left before
    preparing.push(result);
  };
  try {
    let next = startBatch;
    for (let batch = startBatch; batch < order.length; batch++) {
      while (next < order.length && next <= batch + ahead) begin(next++);
      await Promise.allSettled([preparing[0]]);
      if (options.signal?.aborted) throw interruptedError(batch, order.length);
      const ready = await preparing[0];
      preparing.shift();
      yield ready;
    }
  } finally {
    leaving.abort();
    await Promise.allSettled(preparing);
    if (options.pool === undefined) await pool.close();
  }
}

async function readBatch(
  dataset: TrainingDataset,
  indices: Uint32Array,
  batch: number,
  pool: ImagePool,
  options: TrainingOptions,
  signal: AbortSignal,
): Promise<TrainingBatch> {
  const pictureLength = options.side * options.side * 3;
  const images = takeSpare(options.spare ?? [], indices.length * pictureLength);
  let repairs = 0;
  const samples = randomOf(indices, batch, options);
  const reads = Array.from(indices, async (index, position) => {
    const into = images.subarray(position * pictureLength, (position + 1) * pictureLength);
    const { repaired } = await readPicture(dataset, index, samples[position], into, pool, options, signal);
    if (repaired === null) return;
    await dataset.cache.put(dataset.images[index].fileHash, repaired);
    repairs++;
  });
  // All of them end before the batch fails, so that nothing is written afterwards.
  const failure = (await Promise.allSettled(reads)).find(({ status }) => status === 'rejected');
  if (failure) throw (failure as PromiseRejectedResult).reason;
  if (repairs > 0) await dataset.cache.flush(); // workers find written records only
  const labels = Int32Array.from(indices, (index) => dataset.images[index].label);
  const { parts = [] } = options.augmentation;
  const steps = samples.map((sample) => drawSteps(parts, options.side, sample));
  const size = indices.length;
  return { size, arrays: { images }, images, labels, indices: indices.slice(), samples, steps, batch };
}

function takeSpare(spare: HostArray[], length: number): Uint8Array {
  const at = spare.findIndex((array) => array instanceof Uint8Array && array.length === length);
  return at < 0 ? new Uint8Array(length) : (spare.splice(at, 1)[0] as Uint8Array);
}

function readPicture(
  { images, cache }: TrainingDataset,
  index: number,
  sample: Sample,
  into: Uint8Array,
  pool: ImagePool,
  { augmentation, side }: TrainingOptions,
  signal: AbortSignal,
) {
  const { path, fileHash } = images[index];
  const { preprocessing } = cache;
  const record = cache.locate(fileHash);
  return pool.run(
    { kind: 'augment', path, fileHash, record, preprocessing, augmentation, side, sample, into },
    signal,
  );
}

function checkCache({ preprocessing: { crop } }: PreparedCache, { augmentation, side }: TrainingOptions) {
  checkInteger('side of the training images', side, 1, Number.MAX_SAFE_INTEGER);
  if (crop === null || (crop === side && augmentation.kind !== 'standard')) return;
  throw new AttuneError({
    code: 'usage',
    what: `pictures cropped to ${crop} x ${crop} cannot give ${side} x ${side} with ${augmentation.kind} augmentation`,
    where: 'trainingBatches',
    hint: 'prepare the training images without a crop',
  });
}

function checkInteger(name: string, value: number, least: number, largest: number): void {
  if (Number.isInteger(value) && value >= least && value <= largest) return;
  const range = largest === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${largest}`;
  throw new AttuneError({
    code: 'usage',
    what: `the ${name} must be an integer ${range}, not ${value}`,
    where: 'trainingBatches',
  });
}

function interruptedError(batch: number, batches: number): AttuneError {
  return new AttuneError({
    code: 'interrupted',
    what: `training was interrupted before batch ${batch} of ${batches}`,
    where: 'trainingBatches',
  });
}
