/**
 * The flags of `attune finetune`, in the groups of its help. All but the last group are fields of the recipe; what
 * may stand beside --resume is at the end.
 */
import {
  BATCH_NORMS,
  CLASS_WEIGHTS,
  classWeightsPower,
  HEADS,
  OPTIMIZERS,
  SAMPLINGS,
  SCHEDULES,
  STRATEGIES,
} from '../finetune/choices.js';
import { PARTS, parseAugment } from '../data/augment-parts.js';
import type { ResumeOptions } from '../finetune/options.js';
import type { AdviseFlags } from './commands/advise.js';
import type { FinetuneFlags } from './commands/finetune.js';
import { MODEL_NAMES } from '../models/names.js';
import { usageError } from './errors.js';
import { DEVICE_FLAGS, type Flags, flagName, inGroup, WORKERS_FLAG } from './flags.js';
import { AUGMENT_NAMES, HEAD_NAMES, ourName, STRATEGY_NAMES } from './other-names.js';
import { REGULARIZATION } from './regularization-flags.js';
import {
  choice,
  factorUpToOne,
  fractionBelowOne,
  fractionInside,
  names,
  numberAbove,
  numberFrom,
  type Parse,
  wholeNumber,
  wholeNumberOr,
  wholeNumbers,
  words,
} from './values.js';

/** Whoever thinks of ULMFiT divides by 2.6. */
const layerFactor: Parse<number> = (text, flag) => {
  const ratio = Number(text);
  if (!(ratio > 1 && Number.isFinite(ratio))) return factorUpToOne(text, flag);
  const hint = `rates are multiplied by it from layer to layer: ${Number((1 / ratio).toPrecision(3))} divides them by ${text}`;
  throw usageError(`${JSON.stringify(text)} is above 1`, flag, hint);
};

const knownClassWeights = choice(CLASS_WEIGHTS);
const classWeights: Parse<string> = (text, flag) =>
  classWeightsPower(text) === null ? knownClassWeights(text, flag) : text;

/** Checked here, kept as it was written. */
const augmentList: Parse<string> = (text) => {
  parseAugment(text, (word) => ourName(word, AUGMENT_NAMES));
  return text;
};

const PART_LIST = Object.entries(PARTS)
  .map(([name, { help }]) => `${name} (${help})`)
  .join(', ');

type Group<K extends keyof FinetuneFlags> = Flags<Pick<FinetuneFlags, K>>;

export const NETWORK: Group<
  'model' | 'weights' | 'strategy' | 'head' | 'neighbors' | 'trainFrom' | 'batchNorm'
> = {
  model: {
    value: '<name>',
    help: `${MODEL_NAMES.join(', ')}; resnet-small is for images of about 32 pixels. Default: what --weights is for, else resnet50.`,
    parse: words,
  },
  weights: {
    value: '<file or name>',
    help: "Where training starts: a weights file, a name of attune weights, hf:owner/name of the Hugging Face hub, or none for random values. Default: the model's ImageNet weights, downloaded once.",
    parse: words,
  },
  strategy: {
    value: '<name>',
    help: 'probe: a new head on the features of the network as it is. full: all layers at once. probe-then-full: one after the other. gradual: the head, then one group of layers after the other from the top. Default: probe up to 200 images or below 10 in a class, else probe-then-full.',
    parse: choice(STRATEGIES, STRATEGY_NAMES),
  },
  head: {
    value: '<kind>',
    help: 'What --strategy probe ends with. logistic: logistic regression. nearest-neighbors: the most similar training images vote. prototypes: the nearest mean of a class. Default: logistic.',
    parse: choice(HEADS, HEAD_NAMES),
  },
  neighbors: {
    value: '<number>',
    help: 'How many images vote with --head nearest-neighbors. Default: 20, or all if they are fewer.',
    parse: wholeNumber(1, 10_000),
  },
  trainFrom: {
    value: '<layer>',
    help: 'The lowest layer that the full stage trains, by name or index; attune inspect --layers lists them. Default: all layers.',
    parse: words,
  },
  batchNorm: {
    value: '<mode>',
    help: 'train: batch norm uses the statistics of each batch. frozen: those that it has. auto, the default: train where at least 16 images are computed at once.',
    parse: choice(BATCH_NORMS),
  },
};

export const IMAGES: Group<
  | 'target'
  | 'images'
  | 'val'
  | 'valSplit'
  | 'folds'
  | 'fold'
  | 'imageSize'
  | 'augment'
  | 'classWeights'
  | 'sampling'
  | 'workers'
> = {
  target: {
    value: '<columns>',
    help: 'Where <data> is a CSV file: the columns to predict, as in age,weight. Default: all of numbers.',
    parse: names,
  },
  images: {
    value: '<folder>',
    help: 'Where <data> is a CSV file: the folder that its paths are relative to. Default: that of the file.',
    parse: words,
  },
  val: {
    value: '<folder or file>',
    help: 'Validation images, one folder per class; a CSV file where <data> is one. Default: val/, valid/ or validation/ beside train/, or the rows with val in a column split.',
    parse: words,
  },
  valSplit: {
    value: '<fraction>',
    help: 'Share of the images to validate with, where none are named. Default: 0.2.',
    parse: fractionBelowOne,
  },
  folds: {
    value: '<number>',
    help: 'Cross-validation: so many runs, each validated with another part of the images, and the mean and deviation of what they reach.',
    parse: wholeNumber(2, 100),
  },
  fold: {
    value: '<number>',
    help: 'Run this one of the --folds alone, from 1.',
    parse: wholeNumber(1, 100),
  },
  imageSize: {
    value: '<pixels>',
    help: 'Side of the square that the network sees. Default: what its weights were trained for, usually 224.',
    parse: wholeNumber(32, 1024),
  },
  augment: {
    value: '<list>',
    help: `How the full stage varies its images, with commas between: none, flip, or standard, which is random crops and flips; then ${PART_LIST}. rotate=30 sets the number of a kind. Default: standard.`,
    parse: augmentList,
  },
  classWeights: {
    value: '<kind>',
    help: 'balanced: images of rare classes count more, so that all classes count the same. power=0.5: something in between, 1 / images^0.5. Default: none.',
    parse: classWeights,
  },
  sampling: {
    value: '<kind>',
    help: 'balanced: the full stage sees each class equally often, images of rare classes several times in an epoch. Default: shuffled, each image once.',
    parse: choice(SAMPLINGS),
  },
  ...WORKERS_FLAG,
};

export const TRAINING: Group<
  | 'epochs'
  | 'unfreezeEpochs'
  | 'patience'
  | 'headEpochs'
  | 'batchSize'
  | 'microBatch'
  | 'labelSmoothing'
  | 'maxGradientNorm'
  | 'seed'
> = {
  epochs: {
    value: '<number>',
    help: 'Passes of the full stage over the images. Default: 30, 20 above 2,000 images, 10 above 20,000.',
    parse: wholeNumber(1, 1_000_000),
  },
  unfreezeEpochs: {
    value: '<number>',
    help: 'Epochs after which --strategy gradual lets the next group of layers join. Default: 1.',
    parse: wholeNumber(1, 1_000_000),
  },
  patience: {
    value: '<epochs>',
    help: 'End the full stage after so many epochs without a better one. Default: never.',
    parse: wholeNumber(1, 1_000_000),
  },
  headEpochs: {
    value: '<number>',
    help: 'The most iterations of the head. Default: until it converges.',
    parse: wholeNumber(1, 1_000_000),
  },
  batchSize: {
    value: '<number>',
    help: 'Images for each update of the weights. Default: 32.',
    parse: wholeNumber(1, 65_536),
  },
  microBatch: {
    value: '<number>',
    help: 'Images computed at once; several of these make a batch. Default: auto, as many of a batch as fit into memory.',
    parse: wholeNumberOr('auto', 1, 65_536),
  },
  labelSmoothing: {
    value: '<fraction>',
    help: 'Share of each target that is spread over all classes. Default: 0.',
    parse: fractionBelowOne,
  },
  maxGradientNorm: {
    value: '<number>',
    help: 'Longer gradients are shortened to this norm. Default: 0, no limit.',
    parse: numberFrom(0, 1e9),
  },
  seed: {
    value: '<number>',
    help: 'The same seed gives the same run. Default: 42.',
    parse: wholeNumber(0, 2 ** 32 - 1),
  },
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

export const OPTIMIZER: Group<
  | 'optimizer'
  | 'lr'
  | 'headLr'
  | 'lrDecay'
  | 'momentum'
  | 'nesterov'
  | 'weightDecay'
  | 'l2Sp'
  | 'ema'
  | ScheduleOption
> = {
  optimizer: {
    value: '<name>',
    help: 'sgd, rmsprop, adam or adamw. Default: sgd.',
    parse: choice(OPTIMIZERS),
  },
  lr: {
    value: '<rate>',
    help: 'Learning rate of the layers below the head. Default: 0.001 for a batch of 32, in proportion for others.',
    parse: numberAbove(0),
  },
  headLr: {
    value: '<rate>',
    help: 'Learning rate of the head. Default: ten times --lr.',
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
    help: 'Pull of the weights towards zero; norms and biases have none. Default: 0.0001.',
    parse: numberFrom(0, 10),
  },
  l2Sp: {
    value: '<number>',
    help: 'L2-SP: pull of the weights below the head to where they began, in place of their decay. Default: 0.',
    parse: numberFrom(0, 1000),
  },
  ema: {
    value: '<decay>',
    help: 'Validate and export the moving average of the weights, with this decay: 0.999. Default: the weights.',
    parse: fractionBelowOne,
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

export const RUN: Flags<Pick<FinetuneFlags, 'recipe' | 'resume' | 'out'>> = {
  recipe: {
    value: '<name or file>',
    help: 'Values for other flags: article-resnet50, article-mobilenetv2, or a JSON file such as recipe.json of a run. Flags win over it.',
    parse: words,
  },
  resume: {
    value: '<run>',
    help: 'Go on with an interrupted run, from its folder alone; --epochs, --device and --threads may be added.',
    parse: words,
  },
  out: {
    value: '<folder>',
    help: 'The run folder to make. Default: runs/<date>_<time>_<model>.',
    parse: words,
  },
};

export const FINETUNE_FLAGS: Flags<FinetuneFlags> = {
  ...inGroup('Network:', NETWORK),
  ...inGroup('Images:', IMAGES),
  ...inGroup('Training:', TRAINING),
  ...inGroup('Regularization:', REGULARIZATION),
  ...inGroup('Optimizer:', OPTIMIZER),
  ...inGroup('Run:', { ...RUN, ...DEVICE_FLAGS }),
};

/** Those of `attune advise`. */
export const ADVISE_FLAGS: Flags<AdviseFlags> = {
  features: {
    help: 'Let a pretrained network look at the images, the default; --no-features downloads and computes nothing.',
  },
  model: NETWORK.model,
  weights: NETWORK.weights,
  val: IMAGES.val,
  valSplit: IMAGES.valSplit,
  seed: TRAINING.seed,
  workers: IMAGES.workers,
  ...DEVICE_FLAGS,
};

const BESIDE_RESUME: readonly (keyof FinetuneFlags)[] = ['resume', 'epochs', 'device', 'threads'];

/** Options of a run that goes on. Throws AttuneError 'usage' for whatever it has already: images and recipe. */
export function resumeOptions(run: string, flags: FinetuneFlags, data: string | undefined): ResumeOptions {
  if (data !== undefined) {
    throw usageError('the run has its images already', '--resume', `leave out ${JSON.stringify(data)}`);
  }
  const excess = Object.keys(flags).find((key) => !BESIDE_RESUME.some((known) => known === key));
  if (excess === undefined) return { ...flags, resume: run };
  const name = excess === 'nesterov' && flags.nesterov === false ? '--no-nesterov' : flagName(excess);
  throw usageError(
    'a run goes on as it began, so this cannot stand beside --resume',
    name,
    'leave it out; only --epochs, --device and --threads may be added',
  );
}
