/** The images of a run: found, split, decoded once; bad ones named. No device is needed yet. */
import { dirname } from 'node:path';
import {
  formatBytes,
  type Input,
  type InputInfo,
  inputOf,
  inputRow,
  isCsvFile,
  type LabelledImage,
  type LabelledSample,
  openSamples,
  type PreparedSample,
  type SampleSource,
  type SampleStore,
  stratifiedSplit,
  type TaskTime,
  type TrainingSamples,
  type Variation,
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
  readonly images: readonly PreparedSample[];
  readonly source: SampleSource;
}

export interface TrainingData extends Readonly<Record<PartName, SamplePart>> {
  readonly task: Task;
  readonly input: Input;
  /** The training images as the epochs vary them. */
  readonly training: TrainingSamples<PreparedSample>;
  readonly skipped: readonly SkippedImage[];
  /** Tells an observer of each task of the threads that prepare and vary samples. */
  observe(observer: (time: TaskTime) => void): void;
  close(): Promise<void>;
}

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
  const { root, inputKind, skipped, learnt, note, testPath, taskFor, ...parts } = await readDataSet(
    data,
    options,
    signal,
  );
  const found = (train: readonly LabelledImage[]) => ({
    root,
    inputKind,
    learnt,
    note,
    task: taskFor(train),
  });
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
  /** How training varies its samples; null: nothing is trained by them. */
  readonly variation: Variation | null;
  readonly workers: number | undefined;
}

/** Prepares every sample once. Throws 'data' when too many are bad or a class is left without any. */
export async function prepareTrainingData(
  found: FoundImages,
  { input, variation, workers }: PrepareDataOptions,
  context: RunContext,
): Promise<TrainingData> {
  const store = await openSamples(input, { workers, variation });
  try {
    const all = [...found.train, ...found.val, ...found.test];
    const trained = new Set(found.train.map(({ path }) => path));
    const { prepared, skipped } = await prepare(all, input, store, context, trained);
    const hashes = new Map(prepared.map(({ path, fileHash }) => [path, fileHash]));
    const part = (images: readonly LabelledSample[], isTrained = false): SamplePart => {
      const readable = images.flatMap((image) => {
        const fileHash = hashes.get(image.path);
        return fileHash === undefined ? [] : [{ ...image, fileHash }];
      });
      return { images: readable, source: store.source(readable, isTrained) };
    };
    const train = part(found.train, true);
    refuseEmptyClasses(train.images, found);
    const measured = { val: part(found.val), test: part(found.test) };
    const used = [...train.images, ...measured.val.images, ...measured.test.images];
    const lack = found.task.lack?.(train.images) ?? null;
    const notes = [
      ...(lack === null ? [] : [lack]),
      ...copiesOf(train.images, measured),
      ...ofTwoClasses(used, found.task.names),
    ];
    for (const text of notes) context.onEvent?.({ type: 'note', text });
    return {
      task: found.task,
      input: inputOf(input),
      train,
      ...measured,
      training: store.training(train.images),
      skipped: [...found.skipped, ...skipped],
      observe: store.observe,
      close: store.close,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Prepares samples with the progress as events. */
export async function prepare<Sample extends { readonly path: string }>(
  samples: readonly Sample[],
  { kind }: Pick<InputInfo, 'kind'>,
  store: SampleStore,
  { onEvent, signal }: RunContext,
  trained?: ReadonlySet<string>,
) {
  const { many } = inputRow(kind).files;
  let estimator: Estimator | null = null;
  let current = '';
  const result = await store.prepare(samples, {
    trained,
    signal,
    onDiskSpace: ({ neededBytes }) => {
      if (neededBytes === 0) return;
      onEvent?.({
        type: 'note',
        text: `Prepared ${many} take ${formatBytes(neededBytes)} in ${dirname(store.folder)}.`,
      });
    },
    onProgress({ stage, done, total }) {
      if (stage !== current || estimator === null) estimator = new Estimator(total, 4);
      current = stage;
      const secondsLeft = estimator.secondsLeft(done, performance.now());
      onEvent?.({
        type: 'progress',
        task: stage === 'hash' ? `reading ${many}` : `preparing ${many}`,
        done,
        total,
        secondsLeft,
      });
    },
  });
  if (typeof result.note === 'string') onEvent?.({ type: 'note', text: result.note });
  return result;
}

function refuseEmptyClasses(train: readonly LabelledImage[], { task, root }: FoundImages): void {
  const empty = task.namesWithout(train);
  if (empty.length === 0) return;
  throw new AttuneError({
    code: 'data',
    what: `no readable training file is left in ${empty.length === 1 ? 'class' : 'classes'} ${empty.join(', ')}`,
    where: root,
    hint: isCsvFile(root)
      ? 'add files, or remove the lines of that class'
      : 'add files, or remove the class folder',
  });
}
