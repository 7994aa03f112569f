/** The flags of `attune schedule` and `attune lr-find`: their own, and those of `attune finetune` that count for them. */
import type { DeviceOptions, FindRateOptions, SchedulePreviewOptions } from '../finetune/index.js';
import { IMAGES, NETWORK, RUN, TRAINING } from './finetune-flags.js';
import { OPTIMIZER, type ScheduleOption } from './optimizer-flags.js';
import { DEVICE_FLAGS, type Flags, inGroup } from './flags.js';
import type { MethodOptions } from '../methods/index.js';
import { byGroup, methodFlags, stepMethodFlags } from './method-flags.js';
import { numberAbove, wholeNumber } from './values.js';

/** How long the run is, and what of a run's flags the rates depend on. */
export type ScheduleFlags = Omit<SchedulePreviewOptions, 'data' | WithoutEffectOnRates>;

type WithoutEffectOnRates =
  | keyof DeviceOptions
  | 'model'
  | 'weights'
  | 'trainFrom'
  | 'unfreezeEpochs'
  | 'batchNorm'
  | 'checkpointMinutes'
  | 'onExplosion'
  | 'tensorboard'
  | 'histograms'
  | 'folds'
  | 'fold'
  | 'head'
  | 'neighbors'
  | 'headEpochs'
  | 'microBatch'
  | 'imageSize'
  | 'augment'
  | keyof MethodOptions
  | 'precision'
  | 'memory'
  | 'workers'
  | 'out';

/** What to sweep over, and what of a run's flags the sweep depends on. */
export type LrFindFlags = Omit<FindRateOptions, 'data' | WithoutEffectOnSweep>;

type WithoutEffectOnSweep =
  | 'checkpointMinutes'
  | 'onExplosion'
  | 'tensorboard'
  | 'histograms'
  | 'folds'
  | 'fold'
  | 'head'
  | 'neighbors'
  | 'epochs'
  | 'unfreezeEpochs'
  | 'lr'
  | 'headLr'
  | ScheduleOption;

const LENGTH: Flags<Required<Pick<ScheduleFlags, 'steps' | 'images'>>> = {
  steps: {
    value: '<number>',
    help: 'Length of the run in updates of the weights.',
    parse: wholeNumber(1, 1_000_000_000),
  },
  images: {
    value: '<number>',
    help: 'Training images, from which the length follows. Where <data> is a CSV file: the folder that its paths are relative to.',
    parse: (text, name) => (/^[-+\d.]+$/.test(text) ? wholeNumber(1, 1_000_000_000)(text, name) : text),
  },
};

/** Flags of `attune schedule`: those of `attune finetune` on which its rates depend. */
export const SCHEDULE_FLAGS: Flags<ScheduleFlags> = {
  ...inGroup('Length of the run, where no <data> is given:', LENGTH),
  ...inGroup('Training:', {
    strategy: NETWORK.strategy,
    label: IMAGES.label,
    target: IMAGES.target,
    val: IMAGES.val,
    valSplit: IMAGES.valSplit,
    epochs: TRAINING.epochs,
    batchSize: TRAINING.batchSize,
    seed: TRAINING.seed,
    recipe: RUN.recipe,
  }),
  ...inGroup('Optimizer:', OPTIMIZER),
  // No rate depends on them: they are taken as part of a command line of attune finetune.
  ...Object.fromEntries(Object.entries(methodFlags()).filter(([, { group }]) => group === 'Optimizer:')),
};

const SWEEP: Flags<Required<Pick<LrFindFlags, 'lrFrom' | 'lrTo' | 'iterations'>>> = {
  lrFrom: {
    value: '<rate>',
    help: 'The first rate of the layers below the head. Default: 1e-7.',
    parse: numberAbove(0),
  },
  lrTo: {
    value: '<rate>',
    help: 'The last rate. Default: 10.',
    parse: numberAbove(0),
  },
  iterations: {
    value: '<number>',
    help: 'Steps from the one to the other. Default: 100.',
    parse: wholeNumber(20, 10_000),
  },
};

const { folds: _folds, fold: _fold, ...SWEPT_IMAGES } = IMAGES;
const { head: _head, neighbors: _neighbors, ...SWEPT_NETWORK } = NETWORK;
const { epochs: _epochs, unfreezeEpochs: _unfreeze, ...SWEPT_TRAINING } = TRAINING;

const OTHERS: Flags<Omit<LrFindFlags, keyof MethodOptions>> = {
  ...inGroup('Sweep:', SWEEP),
  ...inGroup('Network:', SWEPT_NETWORK),
  ...inGroup('Images:', SWEPT_IMAGES),
  ...inGroup('Training:', SWEPT_TRAINING),
  ...inGroup('Optimizer:', {
    optimizer: OPTIMIZER.optimizer,
    lrDecay: OPTIMIZER.lrDecay,
    momentum: OPTIMIZER.momentum,
    nesterov: OPTIMIZER.nesterov,
    weightDecay: OPTIMIZER.weightDecay,
  }),
  ...inGroup('Run:', { recipe: RUN.recipe, ...DEVICE_FLAGS }),
};

/** Flags of `attune lr-find`: those of `attune finetune` that count in a single step. */
export const LR_FIND_FLAGS = byGroup({ ...OTHERS, ...stepMethodFlags() }) as Flags<LrFindFlags>;
