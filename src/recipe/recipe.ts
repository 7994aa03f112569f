/**
 * The recipe: a run as one plain object, every default resolved. It is printed, stored in the run folder, and
 * enough to run it again (`--recipe <run>/recipe.json`).
 *
 * Defaults follow from the number of training images, never from the device.
 */
import { fieldsWithout, type InputKind, type NamedColumns, USUAL_INPUT } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { fineTuningOf } from '../models/index.js';
import { NO_WEIGHTS } from '../weights/index.js';
import { RECIPE_FIELDS, type Recipe } from './recipe-schema.js';
import { methodDefaults } from '../methods/index.js';
import { kindNamedBy, rowOf, type TaskKind } from '../tasks/index.js';
import { scheduleDefaults } from './schedule.js';

/** What the defaults depend on. */
export interface DataFacts {
  /** Training images, and how many the smallest class has. */
  readonly images: number;
  readonly smallestClass: number;
  readonly model: string;
  readonly weights: string;
  /** Side of the network's input that the weights were made for. */
  readonly side: number;
  /** The columns of a CSV file that are learnt, as they were found; both null of a folder. Default: as the recipe has it. */
  readonly learnt?: NamedColumns;
  /** The task of the data set. Default: the one that the columns are named for. */
  readonly task?: TaskKind;
  /** What the samples are. Default: images. */
  readonly input?: InputKind;
}

/** Needed before the rest: they decide which images train. */
export const DEFAULT_VAL_SPLIT = 0.2;
export const DEFAULT_SEED = 42;

/** The batch that base rates are for. */
const BASE_BATCH = 32;

/** Epochs of the full stage where it is asked for on a small data set: as many as on the next larger. */
const DEFAULT_EPOCHS = 30;

/** From random values epochs are so many times as many. */
const SCRATCH_EPOCHS = 2;

/** ULMFiT divides the rate by 2.6 from each group of layers to the one below it. */
const ULMFIT_DECAY = 0.385;
/** DINO's, where there are as many images. */
const NEIGHBORS = 20;

type Size = Pick<DataFacts, 'images' | 'smallestClass'> & Partial<Pick<DataFacts, 'weights'>>;

/** Strategy, epochs of the full stage and least crop by the number of training images. */
function sizeDefaults(size: Size) {
  const bySize = pretrainedDefaults(size);
  if (size.weights !== NO_WEIGHTS) return bySize;
  // Features of random weights are nothing to fit a head to, and all layers have everything to learn.
  return { ...bySize, strategy: 'full' as const, epochs: SCRATCH_EPOCHS * (bySize.epochs || DEFAULT_EPOCHS) };
}

function pretrainedDefaults({ images, smallestClass }: Size) {
  if (images <= 200 || smallestClass < 10) return { strategy: 'probe', epochs: 0, crop: 1 } as const;
  if (images <= 2_000) return { strategy: 'probe-then-full', epochs: 30, crop: 0.35 } as const;
  if (images <= 20_000) return { strategy: 'probe-then-full', epochs: 20, crop: 0.25 } as const;
  return { strategy: 'probe-then-full', epochs: 10, crop: 0.08 } as const;
}

/** The least share of a picture that a random crop takes where nothing is said. */
export function defaultCropScale(facts: Size): number {
  const { crop } = sizeDefaults(facts);
  // Asked for by name on a small data set, as on the next larger.
  return crop === 1 ? 0.35 : crop;
}

type Given = Partial<Recipe> & { readonly data: string };

/** The recipe with every default resolved. Throws AttuneError 'usage' when fields contradict each other. */
export function resolveRecipe(given: Given, facts: DataFacts): Recipe {
  const recipe = withDefaults(given, facts);
  assertConsistent(recipe);
  return inSchemaOrder(recipe);
}

/** The same, whether or not its fields go together. */
export function withDefaults(given: Given, facts: DataFacts): Recipe {
  const bySize = sizeDefaults(facts);
  const strategy = given.strategy ?? bySize.strategy;
  const trainsAll = strategy !== 'probe';
  const batchSize = given.batch_size ?? BASE_BATCH;
  const isScratch = facts.weights === NO_WEIGHTS;
  const optimizer = given.optimizer ?? defaultOptimizer(given, isScratch);
  const rates = defaultRates(optimizer, isScratch, strategy, batchSize);
  const lr = given.lr ?? rates.lr;
  const schedule = given.schedule ?? 'cosine';
  const rises = scheduleDefaults(schedule).warmup > 0;
  // Sources that a family names are of pretrained weights, and of an optimiser that divides by the gradient's size.
  const usual = isScratch || !trainsAll || optimizer !== 'adamw' ? {} : fineTuningOf(facts.model);
  const momentum = given.momentum ?? defaultMomentum(optimizer, schedule);
  // A squared error grows with the square of what moves it, where a cross-entropy grows in proportion: statistics of
  // batches, which the fitted head has not seen, and long gradients are kept from it.
  const learnt = facts.learnt ?? { label: given.label ?? null, target: given.target ?? null };
  const { isSquared } = rowOf(facts.task ?? kindNamedBy(learnt));
  return {
    val: null,
    images: null,
    val_split: DEFAULT_VAL_SPLIT,
    folds: null,
    fold: null,
    train_from: null,
    unfreeze_epochs: 1,
    batch_norm: isSquared && strategy !== 'full' ? 'frozen' : 'auto',
    epochs: trainsAll ? bySize.epochs || DEFAULT_EPOCHS : 0,
    head: 'logistic',
    neighbors: Math.min(NEIGHBORS, facts.images),
    head_epochs: null,
    batch_size: batchSize,
    micro_batch: null,
    image_size: facts.side,
    optimizer,
    lr,
    head_lr: Number((rates.headFactor * lr).toPrecision(6)),
    lr_decay: strategy === 'gradual' ? ULMFIT_DECAY : (usual.lr_decay ?? 1),
    momentum,
    nesterov: optimizer === 'sgd' && momentum > 0,
    weight_decay: optimizer === 'adamw' ? (usual.weight_decay ?? 0.01) : 1e-4,
    schedule,
    ...scheduleDefaults(schedule),
    ...(rises && usual.warmup !== undefined && { warmup: usual.warmup }),
    peak_momentum: Math.max(0, Number((momentum - 0.1).toFixed(6))),
    augment:
      trainsAll && !fieldsWithout(facts.input ?? USUAL_INPUT).includes('augment') ? 'standard' : 'none',
    crop_scale: defaultCropScale(facts),
    ...methodDefaults({ optimizer, isScratch, isSquared }),
    checkpoint_minutes: 10,
    on_explosion: 'stop',
    seed: DEFAULT_SEED,
    device: 'auto',
    adapter: null,
    precision: 'float32',
    memory: 'normal',
    tensorboard: true,
    histograms: given.tensorboard ?? true,
    ...given,
    ...learnt,
    strategy,
    model: facts.model,
    weights: facts.weights,
  };
}

function assertConsistent(recipe: Recipe): void {
  const { strategy } = recipe;
  if (recipe.nesterov && recipe.momentum === 0) {
    throw new AttuneError({
      code: 'usage',
      what: 'Nesterov momentum needs a momentum above 0',
      where: '--nesterov',
    });
  }
  assertSchedule(recipe);
  if (strategy !== 'probe' && recipe.epochs === 0) {
    throw new AttuneError({
      code: 'usage',
      what: `the strategy ${strategy} needs at least one epoch`,
      where: '--epochs',
      hint: 'give more, or use --strategy probe',
    });
  }
  if (recipe.micro_batch !== null && recipe.micro_batch > recipe.batch_size) {
    throw new AttuneError({
      code: 'usage',
      what: `a micro-batch of ${recipe.micro_batch} is larger than the batch of ${recipe.batch_size}`,
      where: '--micro-batch',
    });
  }
}

/**
 * Adam's steps do not depend on the scale of gradients. That of a pretrained network is anything: a head on features of
 * small scale has large weights, whose gradients throw the trunk away by SGD at any usual rate. From random values SGD
 * generalises better (Wilson et al., The Marginal Value of Adaptive Gradient Methods, 2017). Who gives a momentum means
 * SGD.
 */
function defaultOptimizer({ momentum, nesterov }: Given, isScratch: boolean): Recipe['optimizer'] {
  return isScratch || momentum !== undefined || nesterov !== undefined ? 'sgd' : 'adamw';
}

/**
 * The trunk's rate, and what the head's is of it. SGD's grows linearly with the batch (Goyal et al., 2017), those of
 * optimisers that divide by the gradient's size with its root (Malladi et al., 2022).
 */
function defaultRates(
  optimizer: Recipe['optimizer'],
  isScratch: boolean,
  strategy: Recipe['strategy'],
  batchSize: number,
): { readonly lr: number; readonly headFactor: number } {
  const batches = batchSize / BASE_BATCH;
  if (optimizer !== 'sgd') {
    // With a new head all layers have far to go; behind a fitted one they have not.
    const pretrained = strategy === 'full' ? 2e-4 : 5e-5;
    const base = isScratch ? 1e-3 : pretrained;
    return { lr: Number((base * Math.sqrt(batches)).toPrecision(3)), headFactor: isScratch ? 1 : 10 };
  }
  const linear = (rate: number) => Number((rate * batches).toPrecision(6));
  if (isScratch) return { lr: linear(0.05), headFactor: 1 };
  // A head that was fitted is at its best already.
  return { lr: linear(0.001), headFactor: strategy === 'full' ? 10 : 1 };
}

/** RMSprop has none in either library, and one-cycle begins with torch's. */
function defaultMomentum(optimizer: Recipe['optimizer'], schedule: Recipe['schedule']): number {
  if (schedule === 'one-cycle') return 0.95;
  return optimizer === 'rmsprop' ? 0 : 0.9;
}

/** Throws AttuneError 'usage' when the schedule cannot be followed as it is. */
function assertSchedule({ schedule, milestones, epochs, momentum, peak_momentum }: Recipe): void {
  const refuse = (what: string, where: string, hint: string) => {
    throw new AttuneError({ code: 'usage', what, where, hint });
  };
  if (schedule === 'multi-step') {
    const flag = '--milestones';
    const example = 'give epochs in ascending order, as in --milestones 10,20';
    if (milestones.length === 0)
      refuse('the schedule multi-step needs the epochs at which it steps', flag, example);
    const falls = milestones.findIndex((epoch, i) => i > 0 && epoch <= milestones[i - 1]);
    if (falls > 0)
      refuse(`the milestone ${milestones[falls]} follows ${milestones[falls - 1]}`, flag, example);
    const last = milestones[milestones.length - 1];
    if (epochs > 0 && last >= epochs)
      refuse(
        `the milestone ${last} is not reached in ${epochs} epochs`,
        flag,
        'leave it out, or give more --epochs',
      );
  }
  if (schedule === 'one-cycle' && peak_momentum > momentum)
    refuse(
      `the momentum ${peak_momentum} where the rate is highest is above ${momentum}, that at the ends of the cycle`,
      '--peak-momentum',
      'give a smaller one',
    );
}

/** One order of fields, so that files of a run do not tell whether it was ever stopped. */
function inSchemaOrder(recipe: Recipe): Recipe {
  return Object.fromEntries(RECIPE_FIELDS.map((field) => [field, recipe[field]])) as Recipe;
}
