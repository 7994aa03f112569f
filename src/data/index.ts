/**
 * This folder turns image files into batches of pixels and keeps what is dear to compute twice;
 * it knows nothing of devices or models, and of tensors only what varies a batch on the device.
 *
 * Reading order: image-folder (which files, which classes) and image-table (the same from a CSV file), split, decode, resize, preprocess,
 * prepare-images with its pool and cache, loader; for training augment, augment-parts and training-loader.
 */

export { augmentImage, checkAugmentation, cropFromDraws, flipLeftRight } from './augment.js';
export type { Sample } from './random.js';
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
} from './augment-parts.js';
export { applySteps } from './apply-steps.js';
export { chooseColumns, type ColumnChoice, type LearntColumns, type NamedColumns } from './choose-columns.js';
export { type ClassWeighting, classWeights } from './class-weights.js';
export {
  contactSheet,
  drawImage,
  drawText,
  emptySheet,
  type LabelledPicture,
  pictureGrid,
  type SheetRow,
} from './contact-sheet.js';
export { canWrite, LETTER_HEIGHT, LETTER_WIDTH } from './letters.js';
export { decodeImage, pixelLimit, type RgbImage, readImageFile } from './decode.js';
export { type DiskSpace, formatBytes, requireDiskSpace } from './disk.js';
export { encodeOwnPng, encodePng, PNG_MARK } from './encode.js';
export { type Box, boxFromDraws, erasedBox } from './erase.js';
export { type FeatureCache, type FeatureCacheKey, openFeatureCache } from './feature-cache.js';
export {
  classFolder,
  type ImageFolder,
  type ImageFolderOptions,
  imageFolder,
  type LabelledImage,
  type TargetKind,
} from './image-folder.js';
export {
  type ImageTable,
  isCsvFile,
  partsOf,
  readImageTable,
  type TablePart,
  type TableRow,
} from './image-table.js';
export {
  type KnownClasses,
  labelledImages,
  labelsIn,
  type LabelsFileOptions,
  readLabelsFile,
} from './labels-file.js';
export {
  type AugmentTask,
  type HashTask,
  type ImageSurvey,
  type ImageTask,
  type ImageTaskResult,
  type PrepareTask,
  runImageTask,
  type SurveyTask,
  THUMBNAIL_SIDE,
} from './image-tasks.js';
export {
  type Batch,
  batchCount,
  batchIndices,
  type DataLoaderOptions,
  dataLoader,
  type ImageDataset,
} from './loader.js';
export { parsePreprocessing } from './parse-preprocessing.js';
export { type PartFolders, partFolders } from './part-folders.js';
export { type ImagePool, type ImagePoolOptions, openImagePool, type TaskTime } from './pool.js';
export {
  type Preparation,
  type PreparedImage,
  type PrepareOptions,
  type PrepareProgress,
  prepareImages,
} from './prepare-images.js';
export {
  type Normalization,
  type PrepareTrainingOptions,
  prepareTraining,
  type TrainingImages,
} from './prepare-training.js';
export { assertOwn } from './own-file.js';
export {
  imageKey,
  openPreparedCache,
  type PreparedCache,
  preparedBytes,
  readPreparedImage,
} from './prepared-cache.js';
export { preparedDataset, preparedPictures } from './prepared-dataset.js';
export {
  imagenetPreprocessing,
  normalize,
  type Preprocessing,
  centerCropImage,
  preprocessImage,
  resizedSize,
  seenWindow,
} from './preprocess.js';
export { type Interpolation, type Rectangle, resizeImage } from './resize.js';
export { imageExtensions } from './sniff.js';
export { epochOrder, type Sampling } from './sampling.js';
export { loadSharp } from './sharp.js';
export { type Split, stratifiedFolds, stratifiedSplit } from './split.js';
export { type Survey, type SurveyedImage, type SurveyOptions, surveyImages } from './survey-images.js';
export {
  type TrainingBatch,
  type TrainingDataset,
  type TrainingOptions,
  trainingBatches,
} from './training-loader.js';
export {
  readValuesFile,
  type ValuedImage,
  type ValuesFile,
  type ValuesFileOptions,
  valuedImages,
} from './values-file.js';
export { TEST_VIEWS, type TestViews, testViews } from './views.js';
export {
  type FoundImage,
  listImages,
  type RealFolders,
  realFolders,
  type SkippedPath,
  subFolders,
  within,
} from './walk.js';
