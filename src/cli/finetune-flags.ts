/**
 * The flags of `attune finetune`, in the groups of its help. All but the last group are fields of the recipe; what
 * may stand beside --resume is at the end.
 */
import {
  BATCH_NORMS,
  EXPLOSION_ANSWERS,
  HEADS,
  MEMORIES,
  PRECISIONS,
  STRATEGIES,
} from '../recipe/choices.js';
import { PARTS, parseAugment } from '../inputs/image/augment-parts.js';
import type { ProfileOptions, ResumeOptions } from '../recipe/options.js';
import type { AdviseOptions, FinetuneOptions } from '../finetune/index.js';
import { DEFAULT_MODEL, MODEL_NAMES } from '../models/names.js';
import { usageError } from './errors.js';
import { DEVICE_FLAGS, type Flags, flagName, inGroup, WORKERS_FLAG } from './flags.js';
import { AUGMENT_NAMES, HEAD_NAMES, ourName, STRATEGY_NAMES } from './other-names.js';
import { OPTIMIZER } from './optimizer-flags.js';
import type { MethodOptions } from '../methods/index.js';
import { byGroup, methodFlags } from './method-flags.js';
import {
  choice,
  fractionBelowOne,
  names,
  numberFrom,
  type Parse,
  wholeNumber,
  wholeNumberOr,
  words,
} from './values.js';

/** What a command does beside training. */
export interface EndOptions {
  /** Whether the run folder gets a report. Default true. */
  readonly report?: boolean;
}

/** Every option is a flag. */
export type FinetuneFlags = Omit<FinetuneOptions, 'data'> &
  Partial<Pick<ResumeOptions, 'resume'>> &
  EndOptions;

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
    help: `${MODEL_NAMES.join(', ')}; resnet-small is for images of about 32 pixels. Default: what --weights is for, else ${DEFAULT_MODEL}.`,
    parse: words,
  },
  weights: {
    value: '<file or name>',
    help: "Where training starts: a weights file, a name of attune weights, hf:owner/name of the Hugging Face hub, or none for random values. Default: the model's ImageNet weights, downloaded once.",
    parse: words,
  },
  strategy: {
    value: '<name>',
    help: 'probe: a new head on the features of the network as it is. full: all layers at once. probe-then-full: one after the other. gradual: the head, then one group of layers after the other from the top. Default: probe up to 200 images or below 10 in a class, else probe-then-full; full from random weights.',
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
    help: 'train: batch norm uses the statistics of each batch. frozen: those that it has. auto, the default: train where at least 16 images are computed at once and their statistics give as good a loss before the first step as those that it has; these are taken anew from the training images where that makes the better head. Random weights: train.',
    parse: choice(BATCH_NORMS),
  },
};

export const IMAGES: Group<
  'label' | 'target' | 'images' | 'val' | 'valSplit' | 'folds' | 'fold' | 'imageSize' | 'augment' | 'workers'
> = {
  label: {
    value: '<column>',
    help: 'Where <data> is a CSV file: the column of labels, for a classification; several in a field, as in cat;dog, make it multi-label. Default: the only one of text or of up to 20 whole numbers, or the one that is called label, class or category.',
    parse: words,
  },
  target: {
    value: '<columns>',
    help: 'Where <data> is a CSV file: the columns of values, as in age,weight, for a regression. Default: all, where all are fractions or many whole numbers.',
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
  ...WORKERS_FLAG,
};

export const TRAINING: Group<
  'epochs' | 'unfreezeEpochs' | 'headEpochs' | 'batchSize' | 'microBatch' | 'precision' | 'memory' | 'seed'
> = {
  epochs: {
    value: '<number>',
    help: 'Passes of the full stage over the images. Default: 30, 20 above 2,000 images, 10 above 20,000; twice as many from random weights.',
    parse: wholeNumber(1, 1_000_000),
  },
  unfreezeEpochs: {
    value: '<number>',
    help: 'Epochs after which --strategy gradual lets the next group of layers join. Default: 1.',
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
  precision: {
    value: '<name>',
    help: 'float32, or mixed on a GPU: activations and their gradients are kept as float16, in half the memory; weights and sums stay float32. Default: float32.',
    parse: choice(PRECISIONS),
  },
  memory: {
    value: '<amount>',
    help: 'low: a training step takes a quarter to a half less memory and a little more time, and gives the same bytes; cheap activations are computed twice. Default: normal.',
    parse: choice(MEMORIES),
  },
  seed: {
    value: '<number>',
    help: 'The same seed gives the same run. Default: 42.',
    parse: wholeNumber(0, 2 ** 32 - 1),
  },
};

export const RUN: Flags<
  Pick<
    FinetuneFlags,
    | 'recipe'
    | 'resume'
    | 'out'
    | 'checkpointMinutes'
    | 'onExplosion'
    | 'report'
    | 'tensorboard'
    | 'histograms'
  >
> = {
  recipe: {
    value: '<name or file>',
    help: 'Values for other flags: article-resnet50, article-mobilenetv2, or a JSON file such as recipe.json of a run. Flags win over it.',
    parse: words,
  },
  resume: {
    value: '<run>',
    help: 'Go on with an interrupted run, from its folder alone; --epochs, --checkpoint-minutes, --on-explosion, --device, --threads and --no-report may be added.',
    parse: words,
  },
  out: {
    value: '<folder>',
    help: 'The run folder to make. Default: runs/<date>_<time>_<model>.',
    parse: words,
  },
  checkpointMinutes: {
    value: '<minutes>',
    help: 'Save the run within an epoch, too, when the last save is so long ago. 0: only at the end of an epoch. Default: 10.',
    parse: numberFrom(0, 1_000_000),
  },
  onExplosion: {
    value: '<answer>',
    help: 'What to do when the loss is not finite, or 100 times that of guessing and of the steps before. stop: end, with what to do. retry: go back to the last save, at a tenth of the rates, at most twice. Default: stop.',
    parse: choice(EXPLOSION_ANSWERS),
  },
  report: {
    help: 'Write a page with what there is to see of the run into its folder, report.html, the default; --no-report writes none.',
  },
  tensorboard: {
    help: 'Write what TensorBoard shows into the run folder, the default; --no-tensorboard writes none of it.',
  },
  histograms: {
    help: 'Write also histograms of weights and gradients at the end of every epoch, the default; --no-histograms leaves them out.',
  },
};

const PROFILE: Flags<ProfileOptions> = {
  profile: {
    help: 'Find out what the first steps of the full stage spend their time with: a table, and trace.json in the run folder for ui.perfetto.dev or chrome://tracing.',
  },
  profileSteps: {
    value: '<number>',
    help: 'The most steps that --profile looks at; at most one epoch. Default: 50.',
    parse: wholeNumber(1, 10_000),
  },
};

/** Those that are no methods; one that is missing does not compile. */
const OTHERS: Flags<Omit<FinetuneFlags, keyof MethodOptions>> = {
  ...inGroup('Network:', NETWORK),
  ...inGroup('Images:', IMAGES),
  ...inGroup('Training:', TRAINING),
  ...inGroup('Optimizer:', OPTIMIZER),
  ...inGroup('Run:', { ...RUN, ...DEVICE_FLAGS, ...PROFILE }),
};

export const FINETUNE_FLAGS: Flags<FinetuneFlags> = byGroup({ ...OTHERS, ...methodFlags() });

export type AdviseFlags = Omit<AdviseOptions, 'path'>;

/** Those of `attune advise`. */
export const ADVISE_FLAGS: Flags<AdviseFlags> = {
  features: {
    help: 'Let a pretrained network look at the images, the default; --no-features downloads and computes nothing.',
  },
  model: NETWORK.model,
  weights: NETWORK.weights,
  label: IMAGES.label,
  images: IMAGES.images,
  val: IMAGES.val,
  valSplit: IMAGES.valSplit,
  seed: TRAINING.seed,
  workers: IMAGES.workers,
  ...DEVICE_FLAGS,
};

const BESIDE_RESUME: readonly (keyof FinetuneFlags)[] = [
  'resume',
  'epochs',
  'checkpointMinutes',
  'onExplosion',
  'device',
  'threads',
  'report',
];

/** Options of a run that goes on. Throws AttuneError 'usage' for whatever it has already: images and recipe. */
export function resumeOptions(
  run: string,
  flags: FinetuneFlags,
  data: string | undefined,
): ResumeOptions & EndOptions {
  if (data !== undefined) {
    throw usageError('the run has its images already', '--resume', `leave out ${JSON.stringify(data)}`);
  }
  const excess = Object.keys(flags).find((key) => !BESIDE_RESUME.some((known) => known === key));
  if (excess === undefined) return { ...flags, resume: run };
  const isOff = flags[excess as keyof FinetuneFlags] === false;
  const name = isOff ? `--no-${flagName(excess).slice(2)}` : flagName(excess);
  throw usageError(
    'a run goes on as it began, so this cannot stand beside --resume',
    name,
    'leave it out; only --epochs, --checkpoint-minutes, --on-explosion, --device, --threads and --no-report may be added',
  );
}
