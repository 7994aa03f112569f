/** The images of a run: found, split, decoded once; bad ones named. No device is needed yet. */
import { dirname } from 'node:path';
import {
  type Augmentation,
  formatBytes,
  type ImagePool,
  imageSettings,
  type Input,
  type InputInfo,
  inputOf,
  isCsvFile,
  type LabelledImage,
  openImagePool,
  openPreparedCache,
  type PreparedCache,
  preparedDataset,
  type PreparedImage,
  prepareImages,
  type PrepareOptions,
  type SampleSource,
  sideOf,
  stratifiedSplit,
  trainingSamples,
  type TrainingSamples,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { Estimator } from '../../recipe/events.js';
import { copiesOf, ofTwoClasses } from './copies.js';
import { readDataSet } from './data-set.js';
import type { FoundImages, PartName, SplitOptions } from './found-images.js';
import { foldOf, smallestOf, unusedTest } from './folds.js';
import type { RunContext } from '../../recipe/options.js';
import type { SkippedImage } from '../../recipe/results.js';
import { DEFAULT_SEED, DEFAULT_VAL_SPLIT } from '../../recipe/recipe.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { Task } from '../../tasks/index.js';

/** One part of the images, with those samples that evaluation uses, by the same index. */
export interface SamplePart {
  readonly images: readonly PreparedImage<LabelledImage>[];
  readonly source: SampleSource;
}

export interface TrainingData extends Readonly<Record<PartName, SamplePart>> {
  readonly task: Task;
  readonly input: Input;
  /** The training images as the epochs vary them. */
  readonly training: TrainingSamples<PreparedImage<LabelledImage>>;
  readonly skipped: readonly SkippedImage[];
  /** Whose threads have decoded the images, and vary them for training. */
  readonly pool: ImagePool;
  close(): Promise<void>;
}

const NOT_VARIED: Augmentation = { kind: 'none' };

/** How the images of a recipe are split. */
export function splitOf(recipe: Partial<Recipe>): SplitOptions {
  return {
    val: recipe.val ?? null,
    valSplit: recipe.val_split ?? DEFAULT_VAL_SPLIT,
    folds: recipe.folds ?? null,
    fold: recipe.fold ?? null,
    seed: recipe.seed ?? DEFAULT_SEED,
    images: recipe.images ?? null,
    label: recipe.label ?? null,
    target: recipe.target ?? null,
  };
}

/**
 * Finds the images and splits off a validation part where there is none. Opens no image. Throws AttuneError 'usage' for
 * folds that cannot be, 'interrupted' on the signal.
 */
export async function findImages(
  data: string,
  options: SplitOptions,
  signal?: AbortSignal,
): Promise<FoundImages> {
  const { valSplit, seed, folds = null, fold = null } = options;
  const { root, skipped, learnt, note, testPath, taskFor, ...parts } = await readDataSet(
    data,
    options,
    signal,
  );
  const found = (train: readonly LabelledImage[]) => ({ root, learnt, note, task: taskFor(train) });
  const test = parts.test ?? [];
  if (folds !== null || fold !== null) {
    const cut = foldOf({ ...parts, data }, folds, fold, seed);
    const left = [...skipped, ...unusedTest(testPath, test)];
    return { ...found(cut.train), skipped: left, isSplit: false, ...cut, test: [] };
  }
  if (parts.val !== null)
    return { ...found(parts.train), skipped, isSplit: false, train: parts.train, val: parts.val, test };
  const split = stratifiedSplit(
    parts.train.map(({ label }) => label),
    valSplit,
    seed,
  );
  const pick = (indices: readonly number[]) => indices.map((index) => parts.train[index]);
  const train = pick(split.train);
  return { ...found(train), skipped, isSplit: true, train, val: pick(split.val), test };
}

/** Training images of the class that has the fewest; all of them where there are no classes. */
export function smallestClassOf({ train }: FoundImages): number {
  return smallestOf(train);
}

export interface PrepareDataOptions {
  readonly input: InputInfo;
  /** How training varies its images, which are kept whole for random crops; null: nothing is trained by images. */
  readonly augmentation: Augmentation | null;
  readonly workers: number | undefined;
}

/** Decodes every image once, into its cache. Throws 'data' when too many are bad or a class is left without any. */
export async function prepareTrainingData(
  found: FoundImages,
  { input: info, augmentation, workers }: PrepareDataOptions,
  context: RunContext,
): Promise<TrainingData> {
  const preprocessing = imageSettings(info, 'training');
  const input = inputOf(info);
  const randomCrops = augmentation?.kind === 'standard';
  const pool = openImagePool({ workers });
  const cache = await openPreparedCache(preprocessing);
  const wholeCache = randomCrops ? await openPreparedCache({ ...preprocessing, crop: null }) : cache;
  const close = async () => {
    await pool.close();
    await cache.close();
    if (wholeCache !== cache) await wholeCache.close();
  };
  try {
    const all = [...found.train, ...found.val, ...found.test];
    // The middle can be cut out of a whole picture: no image is decoded or kept twice.
    const trained = new Set(found.train.map(({ path }) => path));
    const cacheOf = (path: string) => (trained.has(path) ? wholeCache : cache);
    const { prepared, skipped } = await prepare(all, cache, { pool, cacheOf }, context);
    const hashes = new Map(prepared.map(({ path, fileHash }) => [path, fileHash]));
    const part = (images: readonly LabelledImage[], from = cache): SamplePart => {
      const readable = images.flatMap((image) => {
        const fileHash = hashes.get(image.path);
        return fileHash === undefined ? [] : [{ ...image, fileHash }];
      });
      const { read } = preparedDataset(readable, from, preprocessing.crop);
      const source = { count: readable.length, read: async (i: number) => ({ images: await read(i) }) };
      return { images: readable, source };
    };
    const train = part(found.train, wholeCache);
    refuseEmptyClasses(train.images, found);
    const measured = { val: part(found.val), test: part(found.test) };
    const used = [...train.images, ...measured.val.images, ...measured.test.images];
    const notes = [...copiesOf(train.images, measured), ...ofTwoClasses(used, found.task.names)];
    for (const text of notes) context.onEvent?.({ type: 'note', text });
    return {
      task: found.task,
      train,
      ...measured,
      input,
      training: trainingSamples(
        { images: train.images, cache: wholeCache },
        { augmentation: augmentation ?? NOT_VARIED, side: sideOf(preprocessing), pool, input },
      ),
      skipped: [...found.skipped, ...skipped],
      pool,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `prepareImages` with its progress as events. */
export async function prepare<Image extends { readonly path: string }>(
  images: readonly Image[],
  cache: PreparedCache,
  options: Pick<PrepareOptions, 'workers' | 'pool' | 'cacheOf'>,
  { onEvent, signal }: RunContext,
) {
  let estimator: Estimator | null = null;
  let current = '';
  return prepareImages(images, cache.preprocessing, {
    cache,
    ...options,
    signal,
    onDiskSpace: ({ neededBytes }) => {
      if (neededBytes === 0) return;
      onEvent?.({
        type: 'note',
        text: `Prepared images take ${formatBytes(neededBytes)} in ${dirname(cache.folder)}.`,
      });
    },
    onProgress({ stage, done, total }) {
      if (stage !== current || estimator === null) estimator = new Estimator(total, 4);
      current = stage;
      const secondsLeft = estimator.secondsLeft(done, performance.now());
      onEvent?.({
        type: 'progress',
        task: stage === 'hash' ? 'reading images' : 'preparing images',
        done,
        total,
        secondsLeft,
      });
    },
  });
}

function refuseEmptyClasses(train: readonly LabelledImage[], { task, root }: FoundImages): void {
  const empty = task.namesWithout(train);
  if (empty.length === 0) return;
  throw new AttuneError({
    code: 'data',
    what: `no readable training image is left in ${empty.length === 1 ? 'class' : 'classes'} ${empty.join(', ')}`,
    where: root,
    hint: isCsvFile(root)
      ? 'add images, or remove the lines of that class'
      : 'add images, or remove the class folder',
  });
}
