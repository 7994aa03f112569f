/** nn: networks from layers: modules, initial values, where they live on a device, state dicts. */
export {
  type AttentionInput,
  type AttentionMasks,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from './attention.js';
export { BatchNorm2d, type BatchNorm2dOptions, type BatchNormMode } from './batch-norm.js';
export { Conv1d, type Conv1dLayerOptions } from './conv1d.js';
export { Conv2d, type Conv2dLayerOptions } from './conv2d.js';
export {
  ConvTranspose1d,
  type ConvTranspose1dLayerOptions,
  ConvTranspose2d,
  type ConvTranspose2dLayerOptions,
} from './conv-transpose.js';
export { Embedding } from './embedding.js';
export { countParameters, freeze, trainFrom, unfreeze } from './freeze.js';
export { GroupNorm, type GroupNormLayerOptions } from './group-norm.js';
export {
  constant,
  DEFAULT_SEED,
  Initializer,
  type NormalDeviations,
  NormalInitializer,
} from './initializers.js';
export {
  LayerNorm,
  type LayerNormLayerOptions,
  RMSNorm,
  type RMSNormLayerOptions,
} from './layer-norm.js';
export {
  AveragePool2d,
  Dropout,
  Flatten,
  GELU,
  GlobalAveragePool,
  Hardsigmoid,
  Hardswish,
  Identity,
  MaxPool2d,
  Relu,
  Relu6,
  Sequential,
  sequential,
  Sigmoid,
  SiLU,
  Softmax,
} from './layers.js';
export { Linear, type LinearOptions, linear } from './linear.js';
export { ModelMemory } from './memory.js';
export { Module, type NamedArray, type NetworkInput, oneTensor, type Training } from './module.js';
export { NearestNeighbors, type NearestNeighborsSizes, nearestNeighbors } from './nearest-neighbors.js';
export {
  type LoadOptions,
  type LoadReport,
  loadStateDict,
  type OwnedValues,
  type StateTensor,
  stateDict,
  stripPrefixes,
  type WeightsEntry,
} from './state-dict.js';
export { updateStatistics } from './statistics.js';
export { setStochasticDepth, StochasticDepth } from './stochastic-depth.js';
export {
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
  type TransformerInput,
} from './transformer.js';
