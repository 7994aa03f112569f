/** The images of a run: found, split, decoded once; bad ones named. No device is needed yet. */
import {
  type ImageDataset,
  type ImageFolder,
  imageFolder,
  type LabelledImage,
  openImagePool,
  openPreparedCache,
  type PreparedCache,
  type PreparedImage,
  type Preprocessing,
  prepareImages,
  preparedDataset,
  formatBytes,
  stratifiedSplit,
} from '../data/index.js';
import { AttuneError } from '../errors.js';
import { Estimator } from './events.js';
import type { RunContext, SkippedImage } from './options.js';

/** One part of the images, with their pixels. */
export interface ImagePart {
  readonly images: readonly PreparedImage<LabelledImage>[];
  readonly dataset: ImageDataset;
}

export interface TrainingData {
  readonly classes: readonly string[];
  readonly train: ImagePart;
  readonly val: ImagePart;
  readonly test: ImagePart;
  readonly skipped: readonly SkippedImage[];
  close(): Promise<void>;
}

export interface FoundImages {
  readonly folder: ImageFolder;
  readonly train: readonly LabelledImage[];
  readonly val: readonly LabelledImage[];
  readonly test: readonly LabelledImage[];
}

/** Finds the images and splits off a validation part where there is none. Opens no image. */
export async function findImages(
  data: string,
  { val, valSplit, seed }: { readonly val?: string | undefined; readonly valSplit: number; readonly seed: number },
): Promise<FoundImages> {
  const folder = await imageFolder(data, { val });
  const test = folder.test ?? [];
  if (folder.val !== null) return { folder, train: folder.train, val: folder.val, test };
  const split = stratifiedSplit(folder.train.map(({ label }) => label), valSplit, seed);
  const pick = (indices: readonly number[]) => indices.map((index) => folder.train[index]);
  return { folder, train: pick(split.train), val: pick(split.val), test };
}

/** Decodes every image once, into the cache. Throws 'data' when too many are bad or a class is left without any. */
export async function prepareTrainingData(
  found: FoundImages,
  preprocessing: Preprocessing,
  workers: number | undefined,
  context: RunContext,
): Promise<TrainingData> {
  const { folder } = found;
  const all = [...found.train, ...found.val, ...found.test];
  const cache = await openPreparedCache(preprocessing);
  try {
    const { prepared, skipped } = await prepare(all, cache, workers, context);
    const byPath = new Map(prepared.map((image) => [image.path, image]));
    const part = (images: readonly LabelledImage[]): ImagePart => {
      const readable = images.flatMap((image) => byPath.get(image.path) ?? []);
      return { images: readable, dataset: preparedDataset(readable, cache) };
    };
    const data = {
      classes: folder.classes,
      train: part(found.train),
      val: part(found.val),
      test: part(found.test),
      skipped: [...folder.skipped, ...skipped],
      close: () => cache.close(),
    };
    refuseEmptyClasses(data.train.images, folder);
    return data;
  } catch (error) {
    await cache.close();
    throw error;
  }
}

/** `prepareImages` with its progress as events. */
export async function prepare<Image extends { readonly path: string }>(
  images: readonly Image[],
  cache: PreparedCache,
  workers: number | undefined,
  { onEvent, signal }: RunContext,
) {
  const pool = openImagePool({ workers });
  let estimator: Estimator | null = null;
  let current = '';
  try {
    return await prepareImages(images, cache.preprocessing, {
      cache,
      pool,
      signal,
      onDiskSpace: ({ neededBytes }) => {
        if (neededBytes === 0) return;
        onEvent?.({ type: 'note', text: `Prepared images take ${formatBytes(neededBytes)} in ${cache.folder}.` });
      },
      onProgress({ stage, done, total }) {
        if (stage !== current || estimator === null) estimator = new Estimator(total, 4);
        current = stage;
        const secondsLeft = estimator.secondsLeft(done, performance.now());
        onEvent?.({ type: 'progress', task: stage === 'hash' ? 'reading images' : 'preparing images', done, total, secondsLeft });
      },
    });
  } finally {
    await pool.close();
  }
}

function refuseEmptyClasses(train: readonly LabelledImage[], folder: ImageFolder): void {
  const present = new Set(train.map(({ label }) => label));
  const empty = folder.classes.filter((_, label) => !present.has(label));
  if (empty.length === 0) return;
  throw new AttuneError({
    code: 'data',
    what: `no readable training image is left in ${empty.length === 1 ? 'class' : 'classes'} ${empty.join(', ')}`,
    where: folder.root,
    hint: 'add images, or remove the class folder',
  });
}
