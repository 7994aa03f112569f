/** The parts that a recipe can be made of, for tests of how they go together: levels of factors, as options. */
import type { FinetuneOptions } from '#src/finetune/index';
import type { Row } from './covering.js';

type Levels = Readonly<Record<string, Partial<FinetuneOptions>>>;

/** Rates at which each optimiser learns the stripes in a few steps. */
const RATES = {
  sgd: { lr: 0.01, headLr: 0.02 },
  rmsprop: { lr: 5e-4, headLr: 1e-3 },
  adam: { lr: 1e-3, headLr: 3e-3 },
};

/** With statistics that stay as they are the same rates are too high: steps are not normalised away. */
const FROZEN_FACTOR = 0.2;

/** The options of one level of every factor. */
export function optionsOf(row: Row): Partial<FinetuneOptions> {
  const levels = Object.entries(row).map(([factor, level]) => PARTS[factor]![level]!);
  const options: Partial<FinetuneOptions> = Object.assign({}, ...levels);
  const { batchNorm, lr, headLr } = options;
  if (batchNorm !== 'frozen' || lr === undefined || headLr === undefined) return options;
  return { ...options, lr: FROZEN_FACTOR * lr, headLr: FROZEN_FACTOR * headLr };
}

/** What a part is used with, by factor; the first level of each is its absence. */
export const PARTS: Readonly<Record<string, Levels>> = {
  strategy: {
    full: { strategy: 'full' },
    'probe-then-full': { strategy: 'probe-then-full' },
    gradual: { strategy: 'gradual' },
  },
  schedule: {
    constant: { schedule: 'constant' },
    step: { schedule: 'step', stepSize: 2, gamma: 0.5 },
    'multi-step': { schedule: 'multi-step', milestones: [1, 3], gamma: 0.5 },
    exponential: { schedule: 'exponential' },
    polynomial: { schedule: 'polynomial', power: 2 },
    cosine: { schedule: 'cosine' },
    'cosine-restarts': { schedule: 'cosine-restarts', cycleEpochs: 1 },
    'one-cycle': { schedule: 'one-cycle' },
    'slanted-triangular': { schedule: 'slanted-triangular', peak: 0.3 },
    plateau: { schedule: 'plateau', plateauPatience: 0, gamma: 0.5 },
  },
  optimizer: {
    sgd: { optimizer: 'sgd', ...RATES.sgd },
    rmsprop: { optimizer: 'rmsprop', ...RATES.rmsprop },
    adam: { optimizer: 'adam', ...RATES.adam },
    adamw: { optimizer: 'adamw', ...RATES.adam, weightDecay: 0.05 },
  },
  augment: {
    none: { augment: 'none' },
    flip: { augment: 'flip' },
    standard: { augment: 'standard' },
    policy: { augment: 'flip,trivial-augment' },
    'two steps': { augment: 'none,rotate,color-jitter' },
  },
  layers: { all: {}, 'from layer2': { trainFrom: 'layer2' } },
  decay: { none: {}, 'by layer': { lrDecay: 0.75 } },
  'batch norm': { train: { batchNorm: 'train' }, frozen: { batchNorm: 'frozen' } },
  'micro-batch': { whole: {}, half: { microBatch: 4 } },
  'L2-SP': { none: {}, pull: { l2Sp: 0.01 } },
  EMA: { none: {}, average: { ema: 0.8 } },
  // One of the two: each makes all classes count the same.
  balance: {
    none: {},
    weights: { classWeights: 'balanced' },
    'power of weights': { classWeights: 'power=0.5' },
    sampling: { sampling: 'balanced' },
  },
  'label smoothing': { none: {}, some: { labelSmoothing: 0.1 } },
  mixing: { none: {}, mixup: { mixup: 0.2 }, cutmix: { cutmix: 1 }, both: { mixup: 0.2, cutmix: 1 } },
  erasing: { none: {}, some: { randomErasing: 0.25 } },
  'stochastic depth': { none: {}, some: { stochasticDepth: 0.2 } },
  SAM: { none: {}, some: { sam: 0.05 } },
  clipping: { none: {}, some: { maxGradientNorm: 1 } },
  patience: { none: {}, some: { patience: 3 } },
};
