/** What `attune advise` finds out about a data set before anything is trained. */
import { maxOf, minOf } from '../../extremes.js';
import { relative } from 'node:path';
import { type LabelledImage, type SurveyedImage, surveyImages } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import type { Device } from '../../program/device.js';
import { summarize } from '../../runs/device.js';
import { Estimator } from '../../recipe/events.js';
import type { FeatureSet } from '../../tasks/heads/head-problem.js';
import { wilsonInterval } from '../../tasks/metrics/metrics.js';
import type { LoadedModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import type { DeviceSummary, SkippedImage } from '../../recipe/results.js';
import { allFeatures } from '../../training/heads/probe.js';
import { prepareTrainingData, smallestClassOf } from '../../runs/data/training-data.js';
import { folderOf, type FoundImages, type PartName } from '../../runs/data/found-images.js';
import { findDuplicates } from './duplicates.js';
import { judgeHeldOut } from './suspects.js';

const PARTS: readonly PartName[] = ['train', 'val', 'test'];

/** An image and where it belongs. */
export interface PlacedImage {
  /** Relative to the folder of the data set. */
  readonly path: string;
  readonly part: PartName;
  readonly class: string;
}

/** Images that show one picture. */
export interface Duplicates {
  /** Whether they are the same file, byte by byte; else the same picture, saved or mirrored anew. */
  readonly exact: boolean;
  readonly images: readonly PlacedImage[];
}

/** An image whose label the features contradict. */
export interface Suspect extends PlacedImage {
  readonly looks_like: string;
  /** Held-out probabilities of its class and of the one it looks like. */
  readonly probability: number;
  readonly looks_like_probability: number;
}

/** What the features of the network as it is tell. */
export interface FeatureFacts {
  readonly model: string;
  readonly weights: string;
  /** Side of its input in pixels. */
  readonly side: number;
  /** The accuracy of a logistic head in five-fold cross-validation over all images, with its 95 % Wilson interval. */
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  /** Images that look more like another class than like their own, the most suspicious first. */
  readonly suspects: readonly Suspect[];
}

/** What was found out about a data set. */
export interface DataFacts {
  readonly data: string;
  readonly device: DeviceSummary;
  readonly classes: readonly ({ readonly class: string } & Readonly<Record<PartName, number>>)[];
  readonly images: Readonly<Record<PartName, number>> & { readonly skipped: readonly SkippedImage[] };
  /** Whether the validation images were drawn from the others, and have no part of their own. */
  readonly is_split: boolean;
  /** Training images of the smallest class, and of the largest by those of the smallest. */
  readonly smallest_class: number;
  readonly imbalance: number;
  /** Short sides in pixels. */
  readonly short_side: { readonly least: number; readonly median: number; readonly most: number };
  readonly duplicates: readonly Duplicates[];
  /** Null when they were not wanted. */
  readonly features: FeatureFacts | null;
}

export interface DataFactsOptions {
  readonly device: Device;
  /** Null: no features are computed. */
  readonly loaded: LoadedModel | null;
  readonly seed: number;
  readonly workers: number | undefined;
}

type Seen = SurveyedImage<LabelledImage> & { readonly part: PartName };

/** Looks at every image. Throws AttuneError 'data', 'disk', 'device', 'interrupted'. */
export async function gatherDataFacts(
  found: FoundImages,
  { device, loaded, seed, workers }: DataFactsOptions,
  context: RunContext,
): Promise<DataFacts> {
  const { seen, unreadable } = await survey(found, workers, context);
  const readable = keepReadable(found, seen);
  if (readable.train.length === 0)
    throw new AttuneError({
      code: 'data',
      what: `none of the ${found.train.length} training images can be read`,
      where: found.root,
      hint: 'look at the first of them with another program',
    });
  const placed = (image: { readonly path: string; readonly label: number; readonly part: PartName }) => ({
    path: relative(folderOf(found), image.path),
    part: image.part,
    class: found.task.names[image.label],
  });
  const groups = await findDuplicates(device, seen, context.signal);
  const counts = countsOf(readable);
  const training = counts.map(({ train }) => train);
  const sides = seen.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
  return {
    data: found.root,
    device: summarize(device),
    classes: counts,
    images: {
      train: readable.train.length,
      val: readable.val.length,
      test: readable.test.length,
      skipped: [...unreadable, ...found.skipped],
    },
    is_split: found.isSplit,
    smallest_class: smallestClassOf(readable),
    imbalance: maxOf(training) / Math.max(1, minOf(training)),
    short_side: { least: sides[0], median: sides[sides.length >> 1], most: sides[sides.length - 1] },
    duplicates: groups.map(({ exact, members }) => ({ exact, images: members.map((i) => placed(seen[i])) })),
    features:
      loaded === null
        ? null
        : await featureFacts(readable, { device, loaded, seed, workers }, placed, context),
  };
}

/** Reads every image once, all parts in one list. */
async function survey(found: FoundImages, workers: number | undefined, { onEvent, signal }: RunContext) {
  const all = PARTS.flatMap((part) => found[part].map((image) => ({ ...image, part })));
  const estimator = new Estimator(all.length, 4);
  const { surveyed, unreadable } = await surveyImages(all, {
    workers,
    signal,
    onProgress(done, total) {
      const secondsLeft = estimator.secondsLeft(done, performance.now());
      onEvent?.({ type: 'progress', task: 'looking at images', done, total, secondsLeft });
    },
  });
  return { seen: surveyed, unreadable };
}

/** The data set without what cannot be read. */
function keepReadable(found: FoundImages, seen: readonly Seen[]): FoundImages {
  const paths = new Set(seen.map(({ path }) => path));
  const of = (part: PartName) => found[part].filter(({ path }) => paths.has(path));
  return { ...found, train: of('train'), val: of('val'), test: of('test') };
}

function countsOf(found: FoundImages): DataFacts['classes'] {
  const count = (part: PartName, label: number) =>
    found[part].filter((image) => image.label === label).length;
  return found.task.names.map((name, label) => ({
    class: name,
    train: count('train', label),
    val: count('val', label),
    test: count('test', label),
  }));
}

async function featureFacts(
  found: FoundImages,
  { device, loaded, seed, workers }: DataFactsOptions & { readonly loaded: LoadedModel },
  placed: (image: Pick<Seen, 'path' | 'label' | 'part'>) => PlacedImage,
  context: RunContext,
): Promise<FeatureFacts> {
  const { model, input, weights, weightsHash } = loaded;
  const data = await prepareTrainingData(found, { input, variation: null, workers }, context);
  try {
    const options = { device, model, weightsHash, ...context };
    const sets = await allFeatures(data, options);
    const images = PARTS.flatMap((part) => data[part].images.map((image) => ({ ...image, part })));
    const { accuracy, right, doubts } = await judgeHeldOut(joined(sets), {
      device,
      classes: found.task.names.length,
      seed,
      signal: context.signal,
      onProgress(done, total) {
        context.onEvent?.({ type: 'progress', task: 'judging labels', done, total, secondsLeft: null });
      },
    });
    return {
      model: model.architecture,
      weights,
      side: data.input.shape[0],
      accuracy,
      interval: wilsonInterval(right, images.length),
      suspects: doubts
        .filter(({ ofLabel, ofLikeliest }) => ofLikeliest > ofLabel)
        .map(({ index, likeliest, ofLabel, ofLikeliest }) => ({
          ...placed(images[index]),
          looks_like: found.task.names[likeliest],
          probability: ofLabel,
          looks_like_probability: ofLikeliest,
        })),
    };
  } finally {
    await data.close();
  }
}

type Sets = Awaited<ReturnType<typeof allFeatures>>;

/** All parts below each other. */
function joined(sets: Sets): FeatureSet {
  const parts = PARTS.map((part) => sets[part]);
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  const labels = Int32Array.from(parts.flatMap((part) => [...part.labels]));
  return { values, labels, length: sets.train.length };
}
