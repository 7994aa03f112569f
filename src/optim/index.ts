/** Optimisers: from gradients to new parameters. */
export { Adam, type AdamOptions, adam, adamW } from './adam.js';
export { carryOver, type Kept, readKept } from './carry-over.js';
export { type Evaluation, type LbfgsOptions, type LbfgsResult, minimize } from './lbfgs.js';
export {
  Optimizer,
  type OptimizerOptions,
  type ParameterGroup,
  type PartStep,
  type StepPart,
  type TrainableMemory,
} from './optimizer.js';
export {
  type OneCycle,
  type Schedule,
  type ScheduleLength,
  type StepLR,
  type StepLROptions,
  scheduleFactor,
  scheduleMomentum,
  stepLR,
} from './schedules.js';
export { gatherGradients, PullToStart, WeightAverage, withValidatedWeights } from './parts.js';
export { Rmsprop, type RmspropOptions, rmsprop } from './rmsprop.js';
export { SharpnessAware } from './sharpness-aware.js';
export { Sgd, type SgdOptions, sgd } from './sgd.js';
