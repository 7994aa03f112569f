/** `attune schedule`: the learning rates that a run would have, without running it. */
import { AttuneError } from '../errors.js';
import { scheduleFactor, scheduleMomentum } from '../optim/index.js';
import { askedBy, askedSplit } from '../recipe/asked.js';
import { refuseIdleSplit, refuseIgnored, refuseProbe, refuseUnvalidated } from '../recipe/contradictions.js';
import { batchesPerEpoch } from '../training/step/batch-ranges.js';
import { batchNormFor } from '../training/step/choose-micro-batch.js';
import type { FinetuneOptions, ProfileOptions, RunContext } from '../recipe/options.js';
import { HIGHEST, isRateOpen, scaledRates } from '../recipe/open-rate.js';
import { resolveRecipe } from '../recipe/recipe.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { scheduleLength, scheduleOf } from '../recipe/schedule.js';
import { factsOf } from '../runs/data/folds.js';
import { impliedWeights } from '../runs/model-source.js';
import { findImages, splitOf } from '../runs/data/training-data.js';
import type { FoundImages } from '../runs/data/found-images.js';

/** The flags of `attune finetune`, and how long the run is: `steps`, else from `images`, else from those in `data`. */
export interface SchedulePreviewOptions
  extends Omit<FinetuneOptions, 'data' | 'images' | keyof ProfileOptions> {
  readonly data?: string;
  /** Updates of the weights in all. */
  readonly steps?: number;
  /** Training images; of a CSV file in `data`, the folder that its paths are relative to. */
  readonly images?: number | string;
}

/** One step of a schedule. */
export interface SchedulePoint {
  /** Counted from 0. */
  readonly step: number;
  /** Epochs done before it, a fraction. */
  readonly epoch: number;
  readonly factor: number;
  readonly lr: { readonly trunk: number; readonly head: number };
  /** Null where the schedule leaves it alone. */
  readonly momentum: number | null;
}

/** The JSON document of `attune schedule`. */
export interface SchedulePreview {
  readonly schedule: string;
  readonly epochs: number;
  readonly steps: number;
  readonly steps_per_epoch: number;
  readonly warmup_steps: number;
  /**
   * The most that the rates become at their peak where the run measures them before its first step: the points are those of the
   * usual rates. Null where the rates are as they are here.
   */
  readonly measured_at_most: { readonly trunk: number; readonly head: number } | null;
  /** The first step, the last, and others at even distances: at most MOST_POINTS. */
  readonly points: readonly SchedulePoint[];
}

const MOST_POINTS = 1000;

/** Images that bring the defaults of a run with a full stage, where only its steps are known. */
const ANY_IMAGES = 1000;

/** Follows a schedule. Throws AttuneError 'usage' as `finetune` does, and when the length of the run is unknown. */
export async function previewSchedule(
  options: SchedulePreviewOptions,
  { onEvent }: Pick<RunContext, 'onEvent'> = {},
): Promise<SchedulePreview> {
  const { steps, images: counted, data, ...rest } = options;
  assertOneLength(options);
  const folder = typeof counted === 'string' ? { images: counted } : {};
  const asked = await askedBy({ ...rest, ...folder, data: data ?? '.' });
  const given = asked.fields;
  const found = data === undefined ? undefined : await imagesOf(given);
  const images = typeof counted === 'number' ? counted : (found?.train.length ?? ANY_IMAGES);
  const known = found === undefined ? { images, smallestClass: images } : factsOf(found);
  const implied = found === undefined ? null : impliedWeights(found.inputKind);
  const facts = { ...known, model: '', weights: given.weights ?? implied ?? '', side: 224 };
  const recipe = resolveRecipe({ ...given, data: data ?? '.' }, facts);
  refuseProbe(recipe);
  refuseIgnored(asked, recipe, facts);
  if (found !== undefined) {
    refuseIdleSplit(askedSplit(asked), found, asked.where('val_split'));
    refuseUnvalidated(recipe, found.val.length);
    if (found.note !== null) onEvent?.({ type: 'note', text: found.note });
  }
  // As a run does where memory is no limit.
  const atOnce = Math.min(recipe.micro_batch ?? recipe.batch_size, images);
  const perEpoch =
    steps === undefined
      ? batchesPerEpoch(images, recipe, { batch_norm: batchNormFor(atOnce, recipe) })
      : steps / recipe.epochs;
  return follow(recipe, perEpoch, isRateOpen(recipe, given));
}

function assertOneLength({ steps, images, data }: SchedulePreviewOptions): void {
  const count = typeof images === 'number' ? images : undefined;
  if (typeof images === 'string' && steps === undefined && data === undefined) {
    throw new AttuneError({
      code: 'usage',
      what: `${JSON.stringify(images)} is no number of images`,
      where: '--images',
      hint: 'give a whole number, or name the CSV file whose images lie in this folder',
    });
  }
  const given = [steps, count, data].filter((value) => value !== undefined).length;
  if (given === 1) return;
  throw new AttuneError({
    code: 'usage',
    what: given === 0 ? 'the length of the run is unknown' : 'the length of the run is given more than once',
    where: 'attune schedule',
    hint: 'give one of <data>, --images and --steps',
  });
}

async function imagesOf(given: Partial<Recipe>): Promise<FoundImages> {
  return findImages(given.data ?? '.', splitOf(given));
}

function follow(recipe: Recipe, perEpoch: number, isOpen: boolean): SchedulePreview {
  const schedule = scheduleOf(recipe);
  const length = scheduleLength(recipe, perEpoch);
  const steps = Math.round(length.totalSteps);
  const count = Math.min(steps, MOST_POINTS);
  const points = Array.from({ length: count }, (_, i): SchedulePoint => {
    const step = count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1));
    const epoch = step / perEpoch;
    // The losses of a run that has not been run: none of them is lower than the first.
    const losses = new Array<number>(Math.floor(epoch)).fill(1);
    const factor = scheduleFactor(schedule, step, length, losses);
    return {
      step,
      epoch,
      factor,
      lr: { trunk: recipe.lr * factor, head: recipe.head_lr * factor },
      momentum: scheduleMomentum(schedule, step, length),
    };
  });
  return {
    schedule: recipe.schedule,
    epochs: recipe.epochs,
    steps,
    steps_per_epoch: perEpoch,
    warmup_steps: length.warmupSteps,
    measured_at_most: isOpen ? highestOf(recipe) : null,
    points,
  };
}

function highestOf(recipe: Recipe): SchedulePreview['measured_at_most'] {
  const { lr, head_lr } = scaledRates(recipe, HIGHEST);
  return { trunk: lr, head: head_lr };
}
