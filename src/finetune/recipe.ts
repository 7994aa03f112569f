/**
 * The recipe: a run as one plain object, every default resolved. It is printed, stored in the run folder, and
 * enough to run it again (`--recipe <run>/recipe.json`).
 *
 * Defaults follow from the number of training images, never from the device.
 */
import { resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { AUGMENTATIONS, BATCH_NORMS, CLASS_WEIGHTS, OPTIMIZERS, SCHEDULES, STRATEGIES } from './choices.js';
import type { FinetuneOptions } from './options.js';
import { scheduleDefaults } from './schedule.js';

const whole = (least: number, most = 1e9) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Every field with what it may be; the recipe file and the flags are both checked against it. */
export const recipeSchema = v.strictObject({
  data: v.string(),
  val: v.nullable(v.string()),
  val_split: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  model: v.string(),
  weights: v.string(),
  strategy: v.picklist(STRATEGIES),
  /** The lowest layer that the full stage trains; null: all layers. */
  train_from: v.nullable(v.string()),
  batch_norm: v.picklist(BATCH_NORMS),
  epochs: whole(0, 1e6),
  /** Epochs without a better one after which the full stage ends; null: never. */
  patience: v.nullable(whole(1, 1e6)),
  /** Null: until the head converges. */
  head_epochs: v.nullable(whole(1, 1e6)),
  batch_size: whole(1, 65_536),
  /** Null: as many of a batch as fit. */
  micro_batch: v.nullable(whole(1, 65_536)),
  /** Below 32 pixels nothing is left after five halvings. */
  image_size: whole(32, 1024),
  optimizer: v.picklist(OPTIMIZERS),
  lr: positive,
  head_lr: positive,
  /** Factor on the trunk's rate from each layer to the one below it. */
  lr_decay: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  momentum: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  nesterov: v.boolean(),
  weight_decay: between(0, 10),
  /** Pull of the trunk's weights to where they began, in place of their decay. */
  l2_sp: between(0, 1e3),
  /** Decay of the moving average of the weights that is validated and exported; null: the weights themselves. */
  ema: v.nullable(v.pipe(v.number(), v.minValue(0), v.ltValue(1))),
  schedule: v.picklist(SCHEDULES),
  step_size: whole(1),
  gamma: between(0, 1),
  milestones: v.pipe(v.array(whole(1, 1e6)), v.maxLength(100), v.readonly()),
  power: v.pipe(v.number(), v.gtValue(0), v.maxValue(100)),
  cycle_epochs: whole(1, 1e6),
  cycle_factor: whole(1, 100),
  peak: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
  divisor: between(1, 1e9),
  final_divisor: between(1, 1e9),
  peak_momentum: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  plateau_patience: whole(0, 1e6),
  warmup: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  augment: v.picklist(AUGMENTATIONS),
  /** The least share of an image that a random crop of 'standard' keeps. */
  crop_scale: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  class_weights: v.picklist(CLASS_WEIGHTS),
  label_smoothing: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  /** 0: no limit. */
  max_gradient_norm: between(0, 1e9),
  seed: whole(0, 2 ** 32 - 1),
  device: v.picklist(['auto', 'webgpu', 'cpu']),
  adapter: v.nullable(v.string()),
});

export type Recipe = Readonly<v.InferOutput<typeof recipeSchema>>;

/** Which field each option sets. */
const FIELD_OF: Readonly<Partial<Record<keyof FinetuneOptions, keyof Recipe>>> = {
  data: 'data',
  val: 'val',
  valSplit: 'val_split',
  model: 'model',
  weights: 'weights',
  strategy: 'strategy',
  trainFrom: 'train_from',
  batchNorm: 'batch_norm',
  epochs: 'epochs',
  patience: 'patience',
  headEpochs: 'head_epochs',
  batchSize: 'batch_size',
  microBatch: 'micro_batch',
  imageSize: 'image_size',
  optimizer: 'optimizer',
  lr: 'lr',
  headLr: 'head_lr',
  lrDecay: 'lr_decay',
  momentum: 'momentum',
  nesterov: 'nesterov',
  weightDecay: 'weight_decay',
  l2Sp: 'l2_sp',
  ema: 'ema',
  schedule: 'schedule',
  stepSize: 'step_size',
  gamma: 'gamma',
  milestones: 'milestones',
  power: 'power',
  cycleEpochs: 'cycle_epochs',
  cycleFactor: 'cycle_factor',
  peak: 'peak',
  divisor: 'divisor',
  finalDivisor: 'final_divisor',
  peakMomentum: 'peak_momentum',
  plateauPatience: 'plateau_patience',
  warmup: 'warmup',
  augment: 'augment',
  classWeights: 'class_weights',
  labelSmoothing: 'label_smoothing',
  maxGradientNorm: 'max_gradient_norm',
  seed: 'seed',
  device: 'device',
  adapter: 'adapter',
};

/** The flag that sets a field: `--batch-size`. */
export function flagOf(field: keyof Recipe): string {
  return `--${field.replaceAll('_', '-')}`;
}

/** The fields that options set, checked one by one. Throws AttuneError 'usage' naming the flag. */
export function fieldsOf(options: FinetuneOptions): Partial<Recipe> {
  const fields: Record<string, unknown> = {};
  for (const [option, field] of Object.entries(FIELD_OF)) {
    const given = options[option as keyof FinetuneOptions];
    if (given === undefined) continue;
    const value = option === 'microBatch' && given === 'auto' ? null : given;
    checkField(field, value, flagOf(field));
    fields[field] = field === 'data' || field === 'val' ? resolve(String(value)) : value;
  }
  return fields as Partial<Recipe>;
}

function checkField(field: keyof Recipe, value: unknown, where: string): void {
  const parsed = v.safeParse(recipeSchema.entries[field] as v.GenericSchema, value);
  if (parsed.success) return;
  const choices = choicesOf(field);
  const guess = choices === null ? undefined : nearest(String(value), choices);
  throw new AttuneError({
    code: 'usage',
    what: `${JSON.stringify(value)} is not a value of ${field.replaceAll('_', ' ')}: ${parsed.issues[0].message}`,
    where,
    hint:
      guess !== undefined
        ? `did you mean ${guess}?`
        : choices !== null
          ? `choose ${choices.join(', ')}`
          : undefined,
  });
}

function choicesOf(field: keyof Recipe): readonly string[] | null {
  const schema = recipeSchema.entries[field];
  return 'options' in schema ? (schema.options as readonly string[]) : null;
}

/** What the defaults depend on. */
export interface DataFacts {
  /** Training images, and how many the smallest class has. */
  readonly images: number;
  readonly smallestClass: number;
  readonly model: string;
  readonly weights: string;
  /** Side of the network's input that the weights were made for. */
  readonly side: number;
}

/** Needed before the rest: they decide which images train. */
export const DEFAULT_VAL_SPLIT = 0.2;
export const DEFAULT_SEED = 42;

/** Rates at a batch of 32; they grow linearly with it. */
const BASE_LR = 0.001;
const BASE_BATCH = 32;
const HEAD_FACTOR = 10;

/** Strategy, epochs of the full stage and least crop by the number of training images. */
function sizeDefaults({ images, smallestClass }: DataFacts) {
  if (images <= 200 || smallestClass < 10) return { strategy: 'probe', epochs: 0, crop: 1 } as const;
  if (images <= 2_000) return { strategy: 'probe-then-full', epochs: 30, crop: 0.35 } as const;
  if (images <= 20_000) return { strategy: 'probe-then-full', epochs: 20, crop: 0.25 } as const;
  return { strategy: 'probe-then-full', epochs: 10, crop: 0.08 } as const;
}

/** The recipe with every default resolved. Throws AttuneError 'usage' when fields contradict each other. */
export function resolveRecipe(given: Partial<Recipe> & { readonly data: string }, facts: DataFacts): Recipe {
  const bySize = sizeDefaults(facts);
  const strategy = given.strategy ?? bySize.strategy;
  const trainsAll = strategy !== 'probe';
  const batchSize = given.batch_size ?? BASE_BATCH;
  const lr = given.lr ?? (BASE_LR * batchSize) / BASE_BATCH;
  const optimizer = given.optimizer ?? 'sgd';
  const schedule = given.schedule ?? 'cosine';
  const momentum = given.momentum ?? defaultMomentum(optimizer, schedule);
  const recipe: Recipe = {
    val: null,
    val_split: DEFAULT_VAL_SPLIT,
    train_from: null,
    batch_norm: 'auto',
    // Asked for by name on a small data set, the full stage is as long as on the next larger.
    epochs: trainsAll ? bySize.epochs || 30 : 0,
    patience: null,
    head_epochs: null,
    batch_size: batchSize,
    micro_batch: null,
    image_size: facts.side,
    optimizer,
    lr,
    head_lr: HEAD_FACTOR * lr,
    lr_decay: 1,
    momentum,
    nesterov: optimizer === 'sgd' && momentum > 0,
    weight_decay: 1e-4,
    l2_sp: 0,
    ema: null,
    schedule,
    ...scheduleDefaults(schedule),
    peak_momentum: Math.max(0, Number((momentum - 0.1).toFixed(6))),
    augment: trainsAll ? 'standard' : 'none',
    crop_scale: bySize.crop === 1 ? 0.35 : bySize.crop,
    class_weights: 'none',
    label_smoothing: 0,
    max_gradient_norm: 0,
    seed: DEFAULT_SEED,
    device: 'auto',
    adapter: null,
    ...given,
    strategy,
    model: facts.model,
    weights: facts.weights,
  };
  if (recipe.nesterov && recipe.momentum === 0) {
    throw new AttuneError({
      code: 'usage',
      what: 'Nesterov momentum needs a momentum above 0',
      where: '--nesterov',
    });
  }
  assertSchedule(recipe);
  if (trainsAll && recipe.epochs === 0) {
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
  return inSchemaOrder(recipe);
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
  const fields = Object.keys(recipeSchema.entries) as (keyof Recipe)[];
  return Object.fromEntries(fields.map((field) => [field, recipe[field]])) as Recipe;
}

/** A recipe that was stored: its values can be anything. Throws AttuneError 'input' naming the field. */
export function parseRecipe(value: unknown, where: string): Recipe {
  const parsed = v.safeParse(recipeSchema, value);
  if (parsed.success) return parsed.output;
  throw wrongRecipe(parsed.issues[0], where);
}

/** A recipe file of the user, or that of a run: some of the fields, `made_by` aside. Throws AttuneError 'input' naming the field. */
export function parsePartialRecipe(value: unknown, where: string): Partial<Recipe> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) {
    throw new AttuneError({
      code: 'input',
      what: 'the recipe is no JSON object',
      where,
      hint: 'write its fields between { and }',
    });
  }
  const { made_by: _, ...fields } = value as Record<string, unknown>;
  const parsed = v.safeParse(v.partial(recipeSchema), fields);
  if (parsed.success) return parsed.output as Partial<Recipe>;
  throw wrongRecipe(parsed.issues[0], where);
}

function wrongRecipe(issue: v.BaseIssue<unknown>, where: string): AttuneError {
  const field = v.getDotPath(issue) ?? 'the top';
  const known = Object.keys(recipeSchema.entries);
  if (issue.type === 'strict_object' && !known.includes(field)) {
    const guess = nearest(field, known);
    return new AttuneError({
      code: 'input',
      what: `the recipe has an unknown field ${field}`,
      where,
      hint: guess === undefined ? 'remove it' : `did you mean ${guess}?`,
    });
  }
  return new AttuneError({
    code: 'input',
    what: `the recipe is wrong at ${field}: ${issue.message}`,
    where,
    hint: 'correct the field',
  });
}
