/**
 * The table of inputs: what a sample is. An input is its folder, and its lines here. It turns files into batches, and keeps
 * what is dear to compute twice; it knows nothing of devices or models, and of tensors only what it records of a batch.
 *
 * Reading order: input-row and input (what a row has), sample-folder (which files, which classes) and sample-table (the same
 * from a CSV file), split, host-batch, epoch, store. Of images: image/image-row, decode, resize, preprocess, prepare-images with
 * its pool and cache, image-store; for training augment, augment-parts and training-loader.
 */

import { resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { maxOf } from '../extremes.js';
import type { ModelEntry, ModelOptions } from '../models/index.js';
import { IMAGE } from './image/image-row.js';
import type { Preprocessing } from './image/preprocess.js';
import type { Input } from './input.js';
import type { Beginning, InputRow } from './input-row.js';
import type { SampleFiles } from './sample-files.js';
import { readSampleTable, type SampleTable } from './sample-table.js';
import { SERIES } from './series/series-row.js';
import type { SeriesSettings } from './series/settings.js';
import type { SampleStore, StoreOptions } from './store.js';
import { countFiles } from './walk.js';

/** The settings of each input. */
export interface InputTable {
  readonly image: Preprocessing;
  readonly series: SeriesSettings;
}

/** The inputs by name. */
export const INPUTS: { readonly [K in InputKind]: InputRow<InputTable[K]> } = {
  image: IMAGE,
  series: SERIES,
};

/** The name of an input: what samples are. */
export type InputKind = keyof InputTable;

const KINDS = Object.keys(INPUTS) as InputKind[];

/** The input where nothing says which. */
export const USUAL_INPUT: InputKind = KINDS[0];

/** An input with its settings as plain data, as runs and checkpoints keep it. */
export type InputInfo = {
  readonly [K in InputKind]: { readonly kind: K; readonly settings: InputTable[K] };
}[InputKind];

/** The row of an input, whichever it is. */
export function inputRow(kind: InputKind): InputRow<InputTable[InputKind]> {
  return INPUTS[kind] as InputRow<InputTable[InputKind]>;
}

/** The input that a network takes. */
export function kindOfNetwork({ input }: Pick<ModelEntry, 'input'>): InputKind {
  return KINDS.find((kind) => kind === input) ?? USUAL_INPUT;
}

/** The input of a network that no samples have trained yet. Throws AttuneError 'usage' and 'data' as its row does. */
export async function beginInput(beginning: Beginning): Promise<InputInfo> {
  const kind = kindOfNetwork(beginning.network);
  return { kind, settings: await inputRow(kind).begin(beginning) } as InputInfo;
}

/** What a network for an input is made with. */
export function networkOptions({ kind, settings }: InputInfo): ModelOptions {
  return inputRow(kind).networkOptions?.(settings) ?? {};
}

/** The size of a network's samples that a recipe may ask for; null where they have none. */
export function sizeOf({ kind, settings }: InputInfo): number | null {
  return inputRow(kind).size?.of(settings) ?? null;
}

/** The files of all inputs, where nobody knows yet which of them a network takes. */
export const ANY_FILES: SampleFiles = anyOf(Object.values(INPUTS).map(({ files }) => files));

function anyOf(rows: readonly SampleFiles[]): SampleFiles {
  const joined = (word: (files: SampleFiles) => string) => rows.map(word).join(' or ');
  return {
    one: joined(({ one }) => one),
    withArticle: joined(({ withArticle }) => withArticle),
    many: joined(({ many }) => many),
    formats: joined(({ formats }) => formats),
    extensions: new Set(rows.flatMap(({ extensions }) => [...extensions])),
  };
}

/** Reads a CSV file that names samples of any input. Throws as `readSampleTable` does. */
export function readImageTable(path: string, folder?: string, signal?: AbortSignal): Promise<SampleTable> {
  const known = Object.values(INPUTS).map(({ files }) => files);
  return readSampleTable(path, known, folder, signal);
}

/** The input whose files these are. */
export function kindOfFiles(files: SampleFiles): InputKind {
  return KINDS.find((kind) => INPUTS[kind].files === files) as InputKind;
}

/** Files of samples that say what a folder holds, where it has more. */
const ENOUGH_FILES = 1000;

/**
 * The input that most files below a folder are of, so that a stray one decides nothing; the first of the
 * table where there is none, or the folder cannot be read.
 */
export async function kindOfFolder(folder: string): Promise<InputKind> {
  const files = KINDS.map((kind) => INPUTS[kind].files);
  const counts = await countFiles(resolve(folder), files, ENOUGH_FILES);
  return KINDS[counts.indexOf(maxOf(counts))];
}

/** What holds the samples of an input. Close it. Throws AttuneError 'disk'. */
export function openSamples({ kind, settings }: InputInfo, options: StoreOptions): Promise<SampleStore> {
  return inputRow(kind).open(settings, options);
}

/** The input that was stored. */
export function inputOf({ kind, settings }: InputInfo): Input {
  return inputRow(kind).create(settings);
}

/** The same input for samples of another size; as it is where they have none. */
export function resizedInput(info: InputInfo, size: number): InputInfo {
  const { kind, settings } = info;
  const sizes = inputRow(kind).size;
  return sizes === undefined ? info : ({ kind, settings: sizes.resized(settings, size) } as InputInfo);
}

/** The fields of a recipe that mean nothing to an input: only others have something for them. */
export function fieldsWithout(kind: InputKind): readonly string[] {
  const { fields: own = [] } = inputRow(kind);
  const all = KINDS.flatMap((other) => INPUTS[other].fields ?? []);
  return all.filter((field) => !own.includes(field));
}

/** Images with their settings. */
export function imageInfo(settings: Preprocessing): InputInfo {
  return { kind: 'image', settings };
}

/** The settings of images; null for another input. */
export function settingsOfImages({ kind, settings }: InputInfo): Preprocessing | null {
  return kind === 'image' ? settings : null;
}

/** Throws AttuneError 'usage' where samples are no images; `what` needs some: `attune augment`. */
export function refuseUnlessImages(kind: InputKind, what: string): void {
  if (kind === 'image') return;
  throw new AttuneError({
    code: 'usage',
    what: `${what} is for images, and these are ${inputRow(kind).files.many}`,
    where: what,
    hint: 'name a data set of images',
  });
}

/** The settings of images. Throws AttuneError 'usage' for another input; `what` is what needs images: `explain`. */
export function imageSettings(info: InputInfo, what: string): Preprocessing {
  const settings = settingsOfImages(info);
  if (settings !== null) return settings;
  throw new AttuneError({
    code: 'usage',
    what: `${what} is for images, and the network takes ${inputRow(info.kind).files.many}`,
    where: 'the network',
    hint: 'name one of images',
  });
}

const infoSchema = v.strictObject({
  kind: v.picklist(Object.keys(INPUTS) as InputKind[]),
  settings: v.unknown(),
});

/** Checks an input of a file that may hold anything. Throws AttuneError 'input' naming `where`. */
export function parseInput(value: unknown, where: string): InputInfo {
  const parsed = v.safeParse(infoSchema, value);
  if (parsed.success) {
    const { kind, settings } = parsed.output;
    return { kind, settings: inputRow(kind).parse(settings, where) } as InputInfo;
  }
  throw new AttuneError({
    code: 'input',
    what: `the settings of the input are wrong at ${v.getDotPath(parsed.issues[0]) ?? 'the top'}`,
    where,
    hint: 'use a file that attune wrote',
  });
}

export { augmentImage, checkAugmentation, cropFromDraws, flipLeftRight } from './image/augment.js';
export { type ImageStore, openImageStore } from './image/image-store.js';
export type { LabelledSample } from './labelled.js';
export type { Sample } from './random.js';
export type {
  FileSamples,
  PreparedSample,
  PrepareHooks,
  PrepareProgress,
  SampleStore,
  StoreOptions,
  TaskTime,
  Variation,
} from './store.js';
export {
  type Augmentation,
  augmentationOf,
  type AugmentList,
  type AugmentPart,
  type BlurStep,
  drawSteps,
  type ImageStep,
  parseAugment,
  PARTS,
  VIEWS,
} from './image/augment-parts.js';
export { applySteps, variedImages } from './image/apply-steps.js';
export {
  type ColumnChoice,
  type ColumnContent,
  contentsOf,
  labelColumn,
  type NamedColumns,
  namedColumn,
  unclearColumns,
  unusedNote,
  valueColumns,
} from './image/choose-columns.js';
export { type ClassWeighting, classWeights } from './class-weights.js';
export {
  contactSheet,
  drawImage,
  drawText,
  emptySheet,
  type LabelledPicture,
  pictureGrid,
  type SheetRow,
} from './image/contact-sheet.js';
export { canWrite, LETTER_HEIGHT, LETTER_WIDTH } from './image/letters.js';
export type { RgbImage } from './picture.js';
export { decodeImage, pixelLimit, readImageFile } from './image/decode.js';
export { type DiskSpace, formatBytes, requireDiskSpace } from './disk.js';
export { encodeOwnPng, encodePng, PNG_MARK } from './image/encode.js';
export { type Box, boxFromDraws, erasedBox } from './image/erase.js';
export type { EpochBatch, EpochOptions, TrainingSamples } from './epoch.js';
export { type FeatureCache, type FeatureCacheKey, openFeatureCache } from './feature-cache.js';
export { IMAGE_FILES } from './image/image-files.js';
export {
  classFolder,
  type ImageFolder,
  type ImageFolderOptions,
  imageFolder,
  type LabelledImage,
} from './image/image-folder.js';
export { classSamples, sampleFolder, type SampleFolder, type SampleFolderOptions } from './sample-folder.js';
export type { SeriesSettings } from './series/settings.js';
export { countedSamples, type SampleFiles, type SampleWords } from './sample-files.js';
export {
  assertFilesThere,
  columnAt,
  isCsvFile,
  partsOf,
  quoted,
  type SampleTable,
  type SampleTable as ImageTable,
  type TablePart,
  type TableRow,
  wrongTable,
} from './sample-table.js';
export {
  type KnownClasses,
  labelledImages,
  labelsIn,
  type LabelsFileOptions,
  readLabelsFile,
} from './image/labels-file.js';
export {
  type AugmentWork,
  type HashWork,
  type ImageSurvey,
  type ImageWork,
  type ImageWorkResult,
  type PrepareWork,
  runImageWork,
  type SurveyWork,
  THUMBNAIL_SIDE,
} from './image/image-work.js';
export {
  type Batch,
  batchIndices,
  type DataLoaderOptions,
  dataLoader,
  type ImageDataset,
} from './image/loader.js';
export { batchCount } from './batches.js';
export { openPictures } from './image/open-pictures.js';
export { parsePreprocessing } from './image/parse-preprocessing.js';
export { type PartFolders, partFolders } from './part-folders.js';
export { type ImagePool, type ImagePoolOptions, openImagePool } from './image/pool.js';
export {
  type Preparation,
  type PreparedImage,
  type PrepareOptions,
  prepareImages,
} from './image/prepare-images.js';
export {
  type Normalization,
  type PrepareTrainingOptions,
  prepareTraining,
  type TrainingImages,
} from './image/prepare-training.js';
export { assertOwn } from './own-file.js';
export {
  imageKey,
  openPreparedCache,
  type PreparedCache,
  preparedBytes,
  readPreparedImage,
} from './image/prepared-cache.js';
export { preparedDataset, preparedPictures } from './image/prepared-dataset.js';
export {
  imagenetPreprocessing,
  normalize,
  type Preprocessing,
  centerCropImage,
  preprocessImage,
  resizedSize,
  seenWindow,
} from './image/preprocess.js';
export { type Interpolation, type Rectangle, resizeImage } from './image/resize.js';
export { imageExtensions } from './sniff.js';
export {
  type HostArray,
  type HostBatch,
  type HostSample,
  rowsOf,
  type SampleSource,
  type SampleSteps,
  stack,
  takeRows,
} from './host-batch.js';
export { blackImage, imageInput, sampleOf, sideOf } from './image/input.js';
export type { Input } from './input.js';
export type { InputRow } from './input-row.js';
export { epochOrder, type Sampling } from './sampling.js';
export { loadSharp } from './image/sharp.js';
export { type Split, stratifiedFolds, stratifiedSplit } from './split.js';
export { type Survey, type SurveyedImage, type SurveyOptions, surveyImages } from './image/survey-images.js';
export {
  type TrainingBatch,
  type TrainingDataset,
  type TrainingOptions,
  trainingBatches,
  trainingSamples,
} from './image/training-loader.js';
export {
  readValuesFile,
  type ValuedImage,
  type ValuesFile,
  type ValuesFileOptions,
  valuedImages,
} from './image/values-file.js';
export { TEST_VIEWS, type TestViews, testViews } from './image/views.js';
export {
  compareCodePoints,
  type FoundFile,
  listFiles,
  type RealFolders,
  realFolders,
  type SkippedPath,
  subFolders,
  within,
} from './walk.js';
