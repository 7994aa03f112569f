/** Fine-tuning: from images and weights to a run folder; evaluating and predicting with what came out. */
export type { Advice } from './advise/advice.js';
export { type AdviseOptions, advise, type DataAdvice, type RunAdvice } from './advise/advise.js';
export type { DataFacts, Duplicates, FeatureFacts, PlacedImage, Suspect } from './advise/data-facts.js';
export type { Proposal } from './advise/proposal.js';
export { type CheckpointInfo, checkpointInfo, writeCheckpoint } from '../runs/checkpoint.js';
export {
  BATCH_NORMS,
  OPTIMIZERS,
  HEADS,
  SCHEDULES,
  STRATEGIES,
} from '../recipe/choices.js';
export {
  type ConvertFormat,
  type ConvertInput,
  type ConvertOptions,
  type ConvertResult,
  convert,
  type ImageLayout,
} from './convert/convert.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export {
  type FindRateOptions,
  type FindRateResult,
  findRate,
  type RatePoint,
} from './find-rate.js';
export {
  type CrossValidationOptions,
  type CrossValidationResult,
  crossValidate,
  type FoldMeasure,
  type FoldMeasures,
  type FoldResult,
  foldsOf,
  isCrossValidation,
  resumeFolds,
} from './cross-validation.js';
export type { Listener, RunEvent } from '../recipe/events.js';
export { loadTraining, saveTraining, type ModelAndOptimizer } from '../training/saved-training.js';
export { fit, type FitBatch, type FitHistory, type FitImages, type FitOptions } from '../training/fit.js';
export { finetune } from './finetune.js';
export {
  type Accuracy,
  type AverageMetrics,
  type Calibration,
  type ClassMetrics,
  computeMetrics,
  type Metrics,
  wilsonInterval,
} from '../tasks/metrics/metrics.js';
export { resolveOptions } from '../runs/download-events.js';
export type * from '../recipe/options.js';
export type * from '../recipe/results.js';
export { type PredictOptions, predict } from './predict.js';
export {
  type AugmentPreview,
  type PreviewAugmentOptions,
  type PreviewedImage,
  previewAugment,
} from './preview-augment.js';
export {
  previewSchedule,
  type SchedulePoint,
  type SchedulePreview,
  type SchedulePreviewOptions,
} from './preview-schedule.js';
export { flagOf, type Recipe } from '../recipe/recipe-schema.js';
export { RECIPES } from '../recipe/recipes.js';
export { resume } from './run/resume.js';
export { type RegressionMetrics, regressionMetrics } from '../tasks/metrics/scores.js';
export type { Column, ColumnMetrics, RegressionReport } from '../tasks/metrics/regression-metrics.js';
export { RUN_FILES } from '../runs/run-folder.js';
export { type TunedClass, type TuneOptions, type TuneResult, tune } from './tune.js';
export type {
  ClassificationTypes,
  LabelMetrics,
  LabelPrediction,
  MultiLabelMetrics,
  MultiLabelTypes,
  RegressionTypes,
  TaskTable,
  Values,
} from '../tasks/index.js';
export { topPredictions } from '../tasks/metrics/top-predictions.js';
export type { PartName } from '../runs/data/found-images.js';
