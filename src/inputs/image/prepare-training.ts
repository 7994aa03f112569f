/**
 * For loops written by hand: a run does not use this, but prepareTrainingData (runs/data/training-data.ts).
 *
 * Everything between a folder of images and batches: images decoded once into the cache, training batches shuffled and
 * augmented, validation batches as torchvision prepares them.
 */
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { checkAugmentation } from './augment.js';
import type { Augmentation } from './augment-parts.js';
import type { ImageFolder } from './image-folder.js';
import { batchCount } from '../batches.js';
import { type Batch, dataLoader } from './loader.js';
import { openImagePool } from './pool.js';
import { prepareImages } from './prepare-images.js';
import { openPreparedCache } from './prepared-cache.js';
import { preparedDataset } from './prepared-dataset.js';
import { imagenetPreprocessing, type Preprocessing } from './preprocess.js';
import { stratifiedSplit } from '../split.js';
import { type TrainingBatch, trainingBatches } from './training-loader.js';
import type { SkippedPath } from '../walk.js';

export interface PrepareTrainingOptions {
  /** Width and height of the network's input. Default 224. */
  readonly side?: number;
  readonly batchSize: number;
  /** Seed of the order, the augmentation, and the split where there is no validation folder. Default 42. */
  readonly seed?: number;
  /** Default: random-resized crops of at least 8 % and flips, as torchvision. */
  readonly augmentation?: Augmentation;
  /** What the network expects of its pixels. Default: ImageNet's mean and deviation, as torchvision's networks. */
  readonly normalization?: Normalization;
  /** Share of each class to validate with, where there is no validation folder. Default 0.2. */
  readonly valSplit?: number;
  readonly workers?: number;
}

/** Mean and deviation; the rest of a network's settings may stand beside them, and does not count. */
export type Normalization = Pick<Preprocessing, 'mean' | 'std'> &
  Partial<Pick<Preprocessing, 'resize' | 'crop' | 'interpolation'>>;

const NORMALIZATION: OptionNames<Normalization> = {
  mean: true,
  std: true,
  resize: true,
  crop: true,
  interpolation: true,
};

const NAMES: OptionNames<PrepareTrainingOptions> = {
  side: true,
  batchSize: true,
  seed: true,
  augmentation: true,
  normalization: true,
  valSplit: true,
  workers: true,
};

/** A folder made ready for training; close it at the end. */
export interface TrainingImages {
  readonly preprocessing: Preprocessing;
  /** Images that could not be read. */
  readonly skipped: readonly SkippedPath[];
  /** The batches of an epoch, counted from 0. Bytes [n, side, side, 3]. */
  trainBatches(epoch: number): AsyncGenerator<TrainingBatch, void, undefined>;
  /** The validation images in order, a batch at a time. Bytes [n, side, side, 3]. */
  valBatches(): AsyncGenerator<Batch & { readonly images: Uint8Array }, void, undefined>;
  /** Ends the worker threads and lets go of the cache. */
  close(): Promise<void>;
}

/** Decodes every image once. Throws AttuneError 'data' when too many cannot be read, 'disk', 'usage'. */
export async function prepareTraining(
  folder: ImageFolder,
  options: PrepareTrainingOptions,
): Promise<TrainingImages> {
  refuseUnknownOptions(options, NAMES, 'prepareTraining');
  const { normalization, side = 224, batchSize, seed = 42, valSplit = 0.2, workers } = options;
  const { augmentation = { kind: 'standard', scale: [0.08, 1] } } = options;
  checkAugmentation(augmentation);
  if (normalization !== undefined) refuseUnknownOptions(normalization, NORMALIZATION, 'normalization');
  checkSizes(folder.train.length, side, batchSize);
  const standard = imagenetPreprocessing(side);
  const { mean, std } = normalization ?? standard;
  const preprocessing = { ...standard, mean, std };
  const split = stratifiedSplit(
    folder.train.map(({ label }) => label),
    folder.val === null ? valSplit : 0,
    seed,
  );
  const pick = (indices: readonly number[]) => indices.map((index) => folder.train[index]);

  const pool = openImagePool({ workers });
  const whole = await openPreparedCache({ ...preprocessing, crop: null });
  const cropped = await openPreparedCache(preprocessing);
  const close = async () => {
    await pool.close();
    await whole.close();
    await cropped.close();
  };
  try {
    const train = await prepareImages(pick(split.train), whole.preprocessing, { cache: whole, pool });
    const val = await prepareImages(folder.val ?? pick(split.val), preprocessing, { cache: cropped, pool });
    const dataset = preparedDataset(val.prepared, cropped);
    return {
      preprocessing,
      skipped: [...folder.skipped, ...train.skipped, ...val.skipped],
      trainBatches: (epoch) =>
        trainingBatches(
          { images: train.prepared, cache: whole },
          { batchSize, seed, epoch, joinSingle: true, augmentation, side, pool },
        ),
      async *valBatches() {
        for await (const batch of dataLoader(dataset, { batchSize })) {
          yield { ...batch, images: batch.images as Uint8Array };
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Else a wrong side would make all images seem unreadable, and a wrong batch size show at the first batch only. */
function checkSizes(images: number, side: number, batchSize: number): void {
  batchCount(images, batchSize);
  if (Number.isInteger(side) && side >= 1) return;
  throw new AttuneError({
    code: 'usage',
    what: `the side of the images must be a whole number of at least 1, not ${side}`,
    where: 'prepareTraining',
    hint: "give the side of the network's input, such as 224",
  });
}
