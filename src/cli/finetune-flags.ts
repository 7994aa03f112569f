/** The flags of `attune finetune`: each is one field of the recipe. */
import type { FinetuneFlags } from './commands/finetune.js';
import { usageError } from './errors.js';
import { DEVICE_FLAGS, type Flags, WORKERS_FLAG } from './flags.js';
import { choice, fractionBelowOne, type Parse, wholeNumber, words } from './values.js';

const STRATEGIES = ['probe'] as const;
const FUTURE_STRATEGIES = ['full', 'probe-then-full', 'gradual'];
const STRATEGY_HINT =
  'use --strategy probe, which trains a new head on the features of the pretrained network';

const knownStrategy = choice(STRATEGIES);
const strategy: Parse<string> = (text, flag) => {
  if (!FUTURE_STRATEGIES.includes(text)) return knownStrategy(text, flag);
  throw usageError(`this version of attune does not have the strategy ${text} yet`, flag, STRATEGY_HINT);
};

export const FINETUNE_FLAGS: Flags<FinetuneFlags> = {
  model: {
    value: '<name>',
    help: 'resnet18, resnet34 or resnet50. Default: what --weights is for, else resnet50.',
    parse: words,
  },
  weights: {
    value: '<file or name>',
    help: "Where training starts: a weights file, a name of attune weights, or none for random values. Default: the model's ImageNet weights, downloaded once.",
    parse: words,
  },
  val: {
    value: '<folder>',
    help: 'Validation images, one folder per class. Default: val/, valid/ or validation/ beside train/.',
    parse: words,
  },
  valSplit: {
    value: '<fraction>',
    help: 'Share of the images to validate with, where there is no validation folder. Default: 0.2.',
    parse: fractionBelowOne,
  },
  strategy: {
    value: '<name>',
    help: 'What is trained. Default, and all that this version has: probe, a new head on the features of the pretrained network.',
    parse: strategy,
  },
  headEpochs: {
    value: '<number>',
    help: 'The most iterations of the head. Default: until it converges.',
    parse: wholeNumber(1, 1_000_000),
  },
  imageSize: {
    value: '<pixels>',
    help: 'Side of the square that the network sees. Default: what its weights were trained for, usually 224.',
    parse: wholeNumber(32, 1024),
  },
  seed: {
    value: '<number>',
    help: 'The same seed gives the same run. Default: 42.',
    parse: wholeNumber(0, 2 ** 32 - 1),
  },
  out: {
    value: '<folder>',
    help: 'The run folder to make. Default: runs/<date>_<time>_<model>.',
    parse: words,
  },
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};

/** Part of attune, not of this version: they belong to training in steps, which a probe does not do. */
export const FUTURE_FINETUNE_FLAGS = [
  'trainFrom',
  'batchNorm',
  'epochs',
  'batchSize',
  'microBatch',
  'optimizer',
  'lr',
  'headLr',
  'momentum',
  'nesterov',
  'weightDecay',
  'schedule',
  'stepSize',
  'gamma',
  'warmup',
  'augment',
  'classWeights',
  'labelSmoothing',
  'resume',
  'recipe',
];
export const FUTURE_FINETUNE_HINT = 'leave it out; this version trains the head only (--strategy probe)';
