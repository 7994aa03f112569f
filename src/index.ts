/**
 * attune as a library: `import { open, resnet50, crossEntropy, ... } from 'attune'`.
 *
 * A composition root: it only gathers what the folders offer. The reading tour is src/README.md.
 */
export {
  type Augmentation,
  classFolder,
  dataLoader,
  decodeImage,
  type ImageFolder,
  imageFolder,
  imagenetPreprocessing,
  openPreparedCache,
  type Preprocessing,
  prepareImages,
  prepareTraining,
  preparedDataset,
  preprocessImage,
  stratifiedFolds,
  stratifiedSplit,
  type TrainingImages,
  trainingBatches,
} from './data/index.js';
export type { Choices, Counters, DeviceInfo, DeviceKind } from './device/backend.js';
export type { DType, TypedArray } from './device/dtype.js';
export { type OpenOptions, open } from './engine/open.js';
export { AttuneError, type ErrorCode } from './errors.js';
export {
  computeMetrics,
  type EvaluateOptions,
  type EvaluateResult,
  evaluate,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  type Metrics,
  type PredictOptions,
  type PredictResult,
  predict,
  type RunContext,
  type RunEvent,
  resume,
} from './finetune/index.js';
export { openTensorFile, type TensorEntry, type TensorFile, writeSafetensors } from './formats/index.js';
export {
  detectArchitecture,
  findModel,
  ImageClassifier,
  imagenetClasses,
  layerNames,
  loadWeights,
  replaceHead,
  resnet18,
  resnet34,
  resnet50,
  resnetSmall,
} from './models/index.js';
export {
  BatchNorm2d,
  Conv2d,
  countParameters,
  Dropout,
  Flatten,
  freeze,
  GlobalAveragePool,
  Identity,
  Linear,
  linear,
  loadStateDict,
  MaxPool2d,
  Module,
  Relu,
  Sequential,
  sequential,
  stateDict,
  type Training,
  unfreeze,
} from './nn/index.js';
export * from './ops/index.js';
export {
  Adam,
  adam,
  adamW,
  minimize,
  Optimizer,
  type ParameterGroup,
  Sgd,
  type Schedule,
  scheduleFactor,
  sgd,
  stepLR,
  type TrainableMemory,
} from './optim/index.js';
export type { Device, ProgramStatistics } from './program/device.js';
export type { State } from './program/state.js';
export { Parameter } from './tensor/parameter.js';
export { type Generator, generator } from './tensor/philox.js';
export type { Shape } from './tensor/shape.js';
export { type Scalar, Tensor, type TensorLike, tensor } from './tensor/tensor.js';
export { catalogue, findWeights, resolveWeights } from './weights/index.js';
