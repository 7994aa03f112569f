/**
 * What a recipe may say: every field with its values, part by part. The recipe file and the flags are both checked
 * against it. Those of methods are in their files (methods/index.ts).
 */
import * as v from 'valibot';
import { parseAugment } from '../inputs/image/augment-parts.js';
import { AttuneError } from '../errors.js';
import {
  BATCH_NORMS,
  EXPLOSION_ANSWERS,
  HEADS,
  MEMORIES,
  OPTIMIZERS,
  PRECISIONS,
  SCHEDULES,
  STRATEGIES,
} from './choices.js';
import { FULL_STAGE_METHOD_FIELDS, METHOD_SCHEMAS } from '../methods/index.js';

const whole = (least: number, most = 1e9) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const between = (least: number, most: number) => v.pipe(v.number(), v.minValue(least), v.maxValue(most));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Why a text is no list of augmentations; null when it is one. */
function augmentFault(text: string): string | null {
  try {
    parseAugment(text);
    return null;
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    return `${error.what}: ${error.hint}`;
  }
}

/** Which images. */
const images = {
  data: v.string(),
  val: v.nullable(v.string()),
  /** The folder that the paths of a CSV file are relative to; null: that of the file. */
  images: v.nullable(v.string()),
  /** The column of labels in a CSV file, for a classification; recipes of earlier versions have none. */
  label: v.optional(v.nullable(v.pipe(v.string(), v.minLength(1))), null),
  /** The columns of values in a CSV file, for a regression. One of `label` and `target` is null, both for a folder. */
  target: v.nullable(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(1000), v.readonly())),
  val_split: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  /** Parts that the images are cut into, of which one validates; null: they are split by val_split. */
  folds: v.nullable(whole(2, 100)),
  /** The part that validates, from 1. */
  fold: v.nullable(whole(1, 100)),
  /** Below 32 pixels nothing is left after five halvings. */
  image_size: whole(32, 1024),
};

/** What is trained, and how much of it. */
const network = {
  model: v.string(),
  weights: v.string(),
  strategy: v.picklist(STRATEGIES),
};

/** The head on the features of the network as it is. */
const head = {
  head: v.picklist(HEADS),
  /** Training images that vote where the head is 'nearest-neighbors'. */
  neighbors: whole(1, 10_000),
  /** Null: until the head converges. */
  head_epochs: v.nullable(whole(1, 1e6)),
};

/** The full stage: what its steps see and how long it lasts. */
const stage = {
  /** The lowest layer that the full stage trains; null: all layers. */
  train_from: v.nullable(v.string()),
  /** Epochs after which 'gradual' lets the next group of layers join. */
  unfreeze_epochs: whole(1, 1e6),
  batch_norm: v.picklist(BATCH_NORMS),
  epochs: whole(0, 1e6),
  batch_size: whole(1, 65_536),
  /** Null: as many of a batch as fit. */
  micro_batch: v.nullable(whole(1, 65_536)),
  /** A list as `parseAugment` reads it. */
  augment: v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? augmentFault(dataset.value) : null;
      if (message !== null) addIssue({ message });
    }),
  ),
  /** The least share of an image that a random crop of 'standard' keeps. */
  crop_scale: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
};

/** From gradients to new weights. */
const optimizer = {
  optimizer: v.picklist(OPTIMIZERS),
  lr: positive,
  head_lr: positive,
  /** Factor on the trunk's rate from each layer to the one below it; with 'gradual' from each group of layers. */
  lr_decay: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  momentum: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  nesterov: v.boolean(),
  weight_decay: between(0, 10),
};

/** The rates over time. */
const schedule = {
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
};

/** What a run does against the loss of its work. */
const survival = {
  /** Minutes after which the state is saved within an epoch, too; 0: only at its end. */
  checkpoint_minutes: between(0, 1e6),
  /** Whether the run ends when its loss explodes, or goes back to its last save with lower rates. */
  on_explosion: v.picklist(EXPLOSION_ANSWERS),
};

/** Whatever the method. */
const run = {
  seed: whole(0, 2 ** 32 - 1),
  device: v.picklist(['auto', 'webgpu', 'cpu']),
  adapter: v.nullable(v.string()),
  /** 'mixed': activations and their gradients are kept as float16, on GPUs only. */
  precision: v.picklist(PRECISIONS),
  /** 'low': cheap activations are computed again in the backward pass; recipes of earlier versions have none. */
  memory: v.optional(v.picklist(MEMORIES), 'normal'),
  /** Whether the run folder has event files, and whether they have histograms of weights and gradients. */
  tensorboard: v.boolean(),
  histograms: v.boolean(),
};

export const recipeSchema = v.strictObject({
  ...images,
  ...network,
  ...head,
  ...stage,
  ...METHOD_SCHEMAS,
  ...optimizer,
  ...schedule,
  ...survival,
  ...run,
});

export type Recipe = Readonly<v.InferOutput<typeof recipeSchema>>;

export type RecipeField = keyof Recipe;

/** All fields, in the order in which a recipe is written. */
export const RECIPE_FIELDS = Object.keys(recipeSchema.entries) as RecipeField[];

/** The fields that only count where layers below the head are trained. */
export const FULL_STAGE_FIELDS = Object.keys({
  ...stage,
  ...optimizer,
  ...schedule,
  ...survival,
}).concat(FULL_STAGE_METHOD_FIELDS) as RecipeField[];

/** The flag that sets a field: `--batch-size`. */
export function flagOf(field: RecipeField): string {
  return `--${field.replaceAll('_', '-')}`;
}
