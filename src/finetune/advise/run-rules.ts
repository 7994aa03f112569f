/** What is said of a run: its curves, and what its samples tell of them. */
import { maxOf, minOf } from '../../extremes.js';
import { countedSamples, fieldsWithout, type InputKind, inputRow, parseAugment } from '../../inputs/index.js';
import { wilsonInterval } from '../../tasks/metrics/metrics.js';
import { againstOverfitting, againstUnderfitting, mixesImages } from '../../methods/index.js';
import type { EpochRecord } from '../../recipe/results.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { Beginning } from '../../runs/beginning.js';
import {
  type Advice,
  applyRules,
  crossValidation,
  doubted,
  images,
  leaked,
  named,
  probablyMislabelled,
  type Rule,
  share,
  shownTwice,
} from './advice.js';
import type { DataFacts } from './data-facts.js';

export interface RunFacts {
  readonly recipe: Recipe;
  readonly input: InputKind;
  /** Epochs of the full stage, in their order. */
  readonly epochs: readonly EpochRecord[];
  /** The last record of the head, where there was one. */
  readonly head: EpochRecord | null;
  /** What the full stage began with; null where that is not known. */
  readonly beginning: Beginning | null;
  /** Samples to validate with, and whether they were drawn from the others. */
  readonly validation: number;
  readonly isSplit: boolean;
  /** Null when the images were not looked at. */
  readonly data: DataFacts | null;
}

/** Epochs below which a curve says nothing. */
const SHORT = 3;
/** A validation loss above its least by this factor has risen. */
const RISEN = 1.05;
/** Training accuracy above validation accuracy by more than this is a gap. */
const GAP = 0.1;
/** Training accuracy below this is no fit yet. */
const UNFITTED = 0.9;
/** Weight decay up to these is no regularisation to speak of. */
const USUAL_DECAY = { sgd: 5e-4, rmsprop: 5e-4, adam: 5e-4, adamw: 0.01 } as const;
/** A training loss above that of the epoch before by this factor has jumped. */
const JUMP = 1.2;
/** Share of the first epoch's training loss that a rate of the right size takes away in the first half. */
const LEAST_FALL = 0.1;

/** A first epoch whose loss is above that of its beginning by this factor has thrown away what the network knew. */
const THROWN_AWAY = 1.5;
/** A head with longer weights is on features of a strange scale: that of ImageNet's networks is below 20. */
const LONG_HEAD = 100;

/**
 * The loss of the head before the first step, where the first epoch was far above it; null else. A new head knows nothing
 * that could be thrown away, and the loss of mixed images is another.
 */
function thrownAway(facts: RunFacts): number | null {
  const { epochs, beginning, recipe } = facts;
  const began = beginning?.stored_loss ?? null;
  const first = epochs[0]?.train_loss ?? null;
  if (recipe.strategy === 'full' || isMixed(facts) || began === null || first === null) return null;
  return first > THROWN_AWAY * began ? began : null;
}

/** A curve of numbers; empty when one is missing. */
function curve(
  epochs: readonly EpochRecord[],
  key: 'train_loss' | 'train_accuracy' | 'val_loss' | 'val_accuracy',
) {
  const values = epochs.map((epoch) => epoch[key]);
  return values.every((value) => value !== null) ? (values as number[]) : [];
}

/** Mixed images are not what a network learns to answer rightly: of how well it fits, validation tells. */
function isMixed({ recipe }: Pick<RunFacts, 'recipe'>): boolean {
  return mixesImages(recipe);
}

/** The accuracy by which too little was learnt: that of the training images, where they are whole. */
function fittedAccuracy(facts: RunFacts): number | undefined {
  return curve(facts.epochs, isMixed(facts) ? 'val_accuracy' : 'train_accuracy').at(-1);
}

function indexOfLeast(values: readonly number[]): number {
  return values.indexOf(minOf(values));
}

/** A third of the rate. */
function lowered({ lr }: Recipe): number {
  return Number((lr / 3).toPrecision(2));
}

/** Whether the training loss jumps from one epoch to the next, which a rate that fits does not do. */
function jumps({ epochs }: RunFacts): number[] {
  const losses = curve(epochs, 'train_loss');
  return losses.flatMap((loss, i) => (i > 0 && loss > JUMP * losses[i - 1] ? [epochs[i].epoch] : []));
}

export const RUN_RULES: Readonly<Record<string, Rule<RunFacts>>> = {
  'thrown-away'(facts) {
    const { epochs, recipe, beginning } = facts;
    const began = thrownAway(facts);
    if (began === null || beginning === null) return null;
    const { batch_loss, head_norm } = beginning;
    const finding = `the first epoch's training loss was ${epochs[0].train_loss?.toPrecision(3)}, where the head had ${began.toPrecision(3)} before the first step`;
    const source = 'Kumar et al., Fine-Tuning can Distort Pretrained Features, 2022';
    if (
      recipe.batch_norm === 'train' &&
      batch_loss !== undefined &&
      (batch_loss ?? Infinity) > THROWN_AWAY * began
    )
      return {
        finding: `${finding}: the statistics of batches give it other features than those it was fitted to, and a loss of ${batch_loss?.toPrecision(3) ?? 'no number'}`,
        advice: 'use --batch-norm auto, which takes the statistics that fit',
        source,
      };
    if (recipe.optimizer === 'sgd' && (head_norm ?? 0) > LONG_HEAD)
      return {
        finding: `${finding}: its weights have a norm of ${head_norm?.toFixed(0)}, and the gradients that they pass down throw the network away`,
        advice:
          'use --optimizer adamw, whose steps do not depend on the length of gradients, or --max-gradient-norm 1',
        source,
      };
    return { finding: `${finding}: the rate is too high`, advice: `use --lr ${lowered(recipe)}`, source };
  },

  'rate-too-high'(facts) {
    const { epochs, head, recipe, validation } = facts;
    const [first] = epochs;
    if (thrownAway(facts) !== null) return null;
    const lower = `try --lr ${lowered(recipe)}, a longer --warmup, or --max-gradient-norm 1`;
    const source = 'Smith, A disciplined approach to neural network hyper-parameters, 2018';
    const jumped = jumps(facts);
    if (jumped.length > 0)
      return {
        finding: `the training loss jumps up in epoch ${named(jumped.map(String))}`,
        advice: lower,
        source,
      };
    const before = head?.val_accuracy ?? null;
    const after = first?.val_accuracy ?? null;
    if (before === null || after === null || validation === 0) return null;
    const [low] = wilsonInterval(before * validation, validation);
    if (after >= low || maxOf(curve(epochs, 'val_accuracy'), 0) > before) return null;
    return {
      finding: `the first epoch of the full stage took the validation accuracy from ${share(before)} to ${share(after)}, and it never came back`,
      advice: lower,
      source,
    };
  },

  'rate-too-low'(facts) {
    if (thrownAway(facts) !== null) return null;
    const losses = curve(facts.epochs, 'train_loss');
    const accuracy = fittedAccuracy(facts) ?? 1;
    if (losses.length < SHORT || jumps(facts).length > 0 || accuracy >= UNFITTED) return null;
    const half = losses[losses.length >> 1];
    if (half <= (1 - LEAST_FALL) * losses[0]) return null;
    return {
      finding: `in the first half of the epochs the training loss went only from ${losses[0].toFixed(3)} to ${half.toFixed(3)}, and ${share(accuracy)} of the ${isMixed(facts) ? 'validation' : 'training'} ${inputRow(facts.input).files.many} are right`,
      advice: `try --lr ${Number((facts.recipe.lr * 3).toPrecision(2))}; attune lr-find looks for the rate`,
      source: 'Smith, A disciplined approach to neural network hyper-parameters, 2018',
    };
  },

  overfitting({ epochs, recipe, input }) {
    const losses = curve(epochs, 'val_loss');
    const [train, val] = [curve(epochs, 'train_accuracy').at(-1), curve(epochs, 'val_accuracy').at(-1)];
    if (losses.length < SHORT || train === undefined || val === undefined) return null;
    const least = indexOfLeast(losses);
    const rises = losses[losses.length - 1] > RISEN * losses[least];
    if (!rises || train - val <= GAP) return null;
    const moreData = `more ${inputRow(input).files.many}`;
    const isVaried =
      fieldsWithout(input).includes('augment') || parseAugment(recipe.augment).view === 'standard';
    const more = [
      ...(isVaried ? [] : ['--augment standard']),
      ...againstOverfitting(recipe, recipe.weight_decay > USUAL_DECAY[recipe.optimizer]),
      ...(recipe.train_from === null ? ['--train-from a higher layer'] : []),
    ];
    return {
      finding: `overfitting: the validation loss is least in epoch ${epochs[least].epoch} and rises from ${losses[least].toFixed(3)} to ${losses[losses.length - 1].toFixed(3)}, and training is ${share(train - val)} more accurate than validation`,
      advice: `the best epoch is kept; try ${more.length > 0 ? `${more.join(', ')}, or ${moreData}` : moreData}`,
      source: 'Li, Grandvalet and Davoine, Explicit Inductive Bias for Transfer Learning, 2018',
    };
  },

  underfitting(facts) {
    // Neither more epochs nor a larger network mends a start that went wrong.
    if (thrownAway(facts) !== null) return null;
    const { epochs, recipe, input } = facts;
    const { many } = inputRow(input).files;
    const [train, val] = [curve(epochs, 'train_accuracy').at(-1), curve(epochs, 'val_accuracy').at(-1)];
    const losses = curve(epochs, 'train_loss');
    const fitted = fittedAccuracy(facts);
    if (losses.length < SHORT || train === undefined || fitted === undefined || fitted >= UNFITTED)
      return null;
    if (val !== undefined && train - val > GAP) return null;
    const more = [
      `--epochs ${2 * recipe.epochs}`,
      ...(recipe.train_from !== null ? ['a lower --train-from'] : []),
      ...(parseAugment(recipe.augment).view === 'standard' ? ['a milder --augment'] : []),
      ...(recipe.weight_decay > USUAL_DECAY[recipe.optimizer] ? ['less weight decay'] : []),
      ...againstUnderfitting(recipe),
    ];
    return {
      finding: `underfitting: ${share(train)} of the training ${many} are right at the end${val === undefined ? '' : `, ${share(val)} of the validation ${many}`}`,
      advice: `try ${more.join(', ')}, or a larger model`,
      source: 'Goodfellow, Bengio and Courville, Deep Learning, chapter 11, 2016',
    };
  },

  unfinished(facts) {
    const { epochs, recipe } = facts;
    if (thrownAway(facts) !== null) return null;
    const losses = curve(epochs, 'val_loss');
    if (losses.length < SHORT || indexOfLeast(losses) !== losses.length - 1) return null;
    const before = losses[losses.length - 2];
    const last = losses[losses.length - 1];
    if (last > 0.98 * before) return null;
    return {
      finding: `the validation loss was still falling in the last epoch, from ${before.toFixed(3)} to ${last.toFixed(3)}`,
      advice: `train longer: --epochs ${2 * recipe.epochs}`,
      source: null,
    };
  },

  'head-was-enough'({ epochs, head }) {
    const best = maxOf(curve(epochs, 'val_accuracy'));
    const before = head?.val_accuracy ?? null;
    if (before === null || epochs.length === 0 || best > before) return null;
    return {
      finding: `no epoch of the full stage was better than the head alone, which had ${share(before)}`,
      advice: 'use --strategy probe: it takes minutes',
      source: 'Kumar et al., Fine-Tuning can Distort Pretrained Features, 2022',
    };
  },

  'too-few-to-tell'({ epochs, head, validation, isSplit, recipe, input }) {
    const { files: words } = inputRow(input);
    const accuracy = maxOf(curve(epochs, 'val_accuracy'), head?.val_accuracy ?? 0);
    if (validation === 0 || accuracy === 0) return null;
    const [low, high] = wilsonInterval(accuracy * validation, validation);
    if (high - low < 0.1) return null;
    return {
      finding: `with ${countedSamples(validation, words)} to validate, ${share(accuracy)} means anything from ${share(low)} to ${share(high)}`,
      // A fold is part of a cross-validation already.
      advice: `do not choose between runs by smaller differences${recipe.folds === null ? `; ${crossValidation(isSplit, words)}` : ''}`,
      source: 'Wilson, Probable Inference, 1927',
    };
  },

  leakage({ data }) {
    const found = data === null ? [] : leaked(data);
    if (found.length === 0) return null;
    return {
      finding: `leakage: ${shownTwice(found.length)}: ${named(found.map(({ path }) => path))}`,
      advice: 'remove them from one of the two, and train again: the accuracy is too high',
      source: 'Barz and Denzler, Do We Train on Test Data?, 2020',
    };
  },

  'label-errors'({ data }) {
    const found = data === null ? [] : probablyMislabelled(data);
    if (found.length === 0) return null;
    return {
      finding: `label errors: ${images(found.length)} with a doubtful label: ${doubted(found)}`,
      advice: 'look at them, correct their labels, and train again',
      source: 'Northcutt, Jiang and Chuang, Confident Learning, 2021',
    };
  },
};

/** All that is said of a run. */
export function adviseOnRun(facts: RunFacts): Advice[] {
  return applyRules(RUN_RULES, facts);
}
