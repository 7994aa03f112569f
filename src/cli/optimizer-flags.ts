/** The flags of `attune finetune` about the optimiser: its rates, what it does beside them, and how they change. */
import { OPTIMIZERS, SCHEDULES } from '../recipe/choices.js';
import type { FinetuneOptions } from '../recipe/options.js';
import { usageError } from './errors.js';
import type { Flags } from './flags.js';
import {
  choice,
  factorUpToOne,
  fractionBelowOne,
  fractionInside,
  numberAbove,
  numberFrom,
  type Parse,
  wholeNumber,
  wholeNumbers,
} from './values.js';

/** Whoever thinks of ULMFiT divides by 2.6. */
const layerFactor: Parse<number> = (text, flag) => {
  const ratio = Number(text);
  if (!(ratio > 1 && Number.isFinite(ratio))) return factorUpToOne(text, flag);
  const hint = `rates are multiplied by it from layer to layer: ${Number((1 / ratio).toPrecision(3))} divides them by ${text}`;
  throw usageError(`${JSON.stringify(text)} is above 1`, flag, hint);
};

/** The options of which the rates follow, step by step. */
export type ScheduleOption =
  | 'schedule'
  | 'stepSize'
  | 'gamma'
  | 'milestones'
  | 'power'
  | 'cycleEpochs'
  | 'cycleFactor'
  | 'peak'
  | 'divisor'
  | 'finalDivisor'
  | 'peakMomentum'
  | 'plateauPatience'
  | 'warmup';

export const OPTIMIZER: Flags<
  Pick<
    FinetuneOptions,
    'optimizer' | 'lr' | 'headLr' | 'lrDecay' | 'momentum' | 'nesterov' | 'weightDecay' | ScheduleOption
  >
> = {
  optimizer: {
    value: '<name>',
    help: 'sgd, rmsprop, adam or adamw. Default: adamw; sgd from random weights, and with --momentum.',
    parse: choice(OPTIMIZERS),
  },
  lr: {
    value: '<rate>',
    help: 'Learning rate of the layers below the head. Default behind a fitted head: measured before the first step, at most 0.0002; for a batch of 32 and --strategy full 0.0002, 0.001 from random weights, in proportion to the root for others; with sgd 0.001, 0.05 from random weights, in proportion to the batch.',
    parse: numberAbove(0),
  },
  headLr: {
    value: '<rate>',
    help: 'Learning rate of the head. Default: ten times --lr; as --lr from random weights, and with sgd on a head that was fitted.',
    parse: numberAbove(0),
  },
  lrDecay: {
    value: '<factor>',
    help: "Factor on the rate from each layer to the one below it, at most 1: 0.75, or 0.385 for ULMFiT's 2.6. Default: 1; 0.385 for --strategy gradual, from group to group.",
    parse: layerFactor,
  },
  momentum: {
    value: '<fraction>',
    help: 'Momentum of sgd and rmsprop. Default: 0.9, none for rmsprop; 0.95 at the ends of --schedule one-cycle, which moves it, and that of adam and adamw, too.',
    parse: fractionBelowOne,
  },
  nesterov: {
    help: "Nesterov's form of the momentum, the default where there is one; --no-nesterov is the plain form.",
  },
  weightDecay: {
    value: '<number>',
    help: 'Pull of the weights towards zero; norms and biases have none. Default: 0.01 for adamw, else 0.0001.',
    parse: numberFrom(0, 10),
  },
  schedule: {
    value: '<name>',
    help: `How the rates change: ${SCHEDULES.join(', ')}. Default: cosine. attune schedule draws them.`,
    parse: choice(SCHEDULES),
  },
  stepSize: {
    value: '<epochs>',
    help: 'Epochs between the steps of --schedule step. Default: 7.',
    parse: wholeNumber(1, 1_000_000),
  },
  gamma: {
    value: '<factor>',
    help: 'Factor on the rates at each step of --schedule step, multi-step or plateau, and at each epoch of exponential. Default: 0.1; 0.9 for exponential.',
    parse: numberFrom(0, 1),
  },
  milestones: {
    value: '<epochs>',
    help: 'Epochs at which --schedule multi-step steps: 10,20.',
    parse: wholeNumbers(1, 1_000_000),
  },
  power: {
    value: '<number>',
    help: 'Exponent of --schedule polynomial. Default: 1, a straight line.',
    parse: numberAbove(0),
  },
  cycleEpochs: {
    value: '<epochs>',
    help: 'Length of the first cycle of --schedule cosine-restarts. Default: 10.',
    parse: wholeNumber(1, 1_000_000),
  },
  cycleFactor: {
    value: '<number>',
    help: 'How many times as long each cycle is as the one before. Default: 2.',
    parse: wholeNumber(1, 100),
  },
  peak: {
    value: '<fraction>',
    help: 'Where --schedule one-cycle or slanted-triangular is highest, as a share of the steps. Default: 0.3, 0.1 for the triangle.',
    parse: fractionInside,
  },
  divisor: {
    value: '<number>',
    help: 'Their highest rate by their first. Default: 25, 32 for the triangle.',
    parse: numberFrom(1, 1e9),
  },
  finalDivisor: {
    value: '<number>',
    help: 'The first rate of --schedule one-cycle by its last. Default: 10,000.',
    parse: numberFrom(1, 1e9),
  },
  peakMomentum: {
    value: '<fraction>',
    help: 'Momentum where --schedule one-cycle is highest. Default: 0.1 less than --momentum.',
    parse: fractionBelowOne,
  },
  plateauPatience: {
    value: '<epochs>',
    help: 'Epochs without a lower validation loss before --schedule plateau lowers the rates. Default: 3.',
    parse: wholeNumber(0, 1_000_000),
  },
  warmup: {
    value: '<fraction>',
    help: 'Share of the steps over which the rates rise at the start. Default: 0.05; 0 for one-cycle and slanted-triangular, which rise by themselves.',
    parse: fractionBelowOne,
  },
};
