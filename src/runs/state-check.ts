/**
 * Whether the fields of a stored state agree with each other and with its recipe. Each was found to be of its kind
 * before (run-state.ts); a state that contradicts itself was not written by a run, and what goes on from it may never end.
 */
import { batchCount, type InputInfo, inputRow } from '../inputs/index.js';
import { HEAD_STAGE } from '../recipe/choices.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { EpochRecord } from '../recipe/results.js';
import { rowOf, type TaskInfo, taskOf } from '../tasks/index.js';

interface Labelled {
  readonly label: number;
  readonly values?: readonly number[] | undefined;
}

/** What is looked at of a state. */
export interface StateFields {
  readonly recipe: Recipe;
  readonly model: string;
  readonly frozen: { readonly micro_batch: number; readonly batch_norm: 'train' | 'frozen' };
  readonly task: TaskInfo;
  readonly input: InputInfo;
  readonly images: Readonly<Record<'train' | 'val' | 'test', readonly Labelled[]>>;
  readonly progress: {
    readonly epoch: number;
    readonly batch: number;
    readonly step: number;
    readonly random: number;
    readonly loss: number;
    readonly correct: number;
    readonly images: number;
    readonly timed_images: number;
  };
  readonly epochs: readonly EpochRecord[];
  readonly best: { readonly epoch: number } | null;
  readonly explosions: readonly { readonly step: number; readonly from_step: number }[];
}

/** Where a state contradicts itself, as a field and what is wrong with it; null where it does not. */
export function contradictionIn(state: StateFields, optimizerSteps: number): string | null {
  return (
    contradictionOfRecipe(state) ??
    contradictionOfImages(state) ??
    contradictionOfProgress(state, optimizerSteps) ??
    contradictionOfRecords(state)
  );
}

function contradictionOfRecipe({ recipe, model, frozen, input }: StateFields): string | null {
  const { micro_batch: micro } = frozen;
  const most = recipe.micro_batch ?? recipe.batch_size;
  if (recipe.strategy === 'probe') return 'recipe.strategy: a probe has no state';
  if (model !== recipe.model) return `model: ${model} is not that of the recipe`;
  if (micro > most || (recipe.micro_batch !== null && micro !== most))
    return `frozen.micro_batch: ${micro} where the recipe has ${most}`;
  return inputRow(input.kind).size?.contradiction(input.settings, recipe.image_size) ?? null;
}

function contradictionOfImages({ task, images }: StateFields): string | null {
  if (images.train.length === 0) return 'images.train: there are none';
  const { namesWithout, isAnswered } = taskOf(task);
  if (namesWithout(images.train).length > 0)
    return `task.${rowOf(task.kind).named}: not every one has a sample to train on`;
  for (const [part, list] of Object.entries(images)) {
    const at = list.findIndex((image) => !isAnswered(image));
    if (at >= 0) return `images.${part}.${at}: it has no answer of the task`;
  }
  return null;
}

function contradictionOfProgress(
  { recipe, frozen, images, progress }: StateFields,
  optimizerSteps: number,
): string | null {
  const { epoch, batch, step } = progress;
  const { batch_size: size } = recipe;
  const batches = batchCount(images.train.length, size, frozen.batch_norm === 'train');
  if (epoch > recipe.epochs) return `progress.epoch: ${epoch} of ${recipe.epochs}`;
  if (batch > (epoch === recipe.epochs ? 0 : batches)) return `progress.batch: ${batch} of ${batches}`;
  if (step !== epoch * batches + batch)
    return `progress.step: ${step} after ${epoch} epochs of ${batches} steps and ${batch} more`;
  // A batch is cut into as many parts as it has images, or fewer.
  if (progress.random < step || progress.random > step * (size + 1))
    return `progress.random: ${progress.random} after ${step} steps`;
  // The last batch of an epoch may have one image more.
  const seen = Math.min(images.train.length, batch * size + 1);
  if (progress.images > (batch === 0 ? 0 : seen)) return `progress.images: ${progress.images} of ${seen}`;
  for (const name of ['correct', 'timed_images'] as const)
    if (progress[name] > progress.images) return `progress.${name}: ${progress[name]} of ${progress.images}`;
  if (optimizerSteps > step) return `optimizer_steps: ${optimizerSteps} of ${step}`;
  return null;
}

function contradictionOfRecords({ progress, epochs, best, explosions }: StateFields): string | null {
  const full = epochs.filter(({ stage }) => stage !== HEAD_STAGE);
  if (full.length !== progress.epoch || full.some(({ epoch }, i) => epoch !== i + 1))
    return `epochs: they are not those from 1 to ${progress.epoch}`;
  if (best !== null && best.epoch > progress.epoch) return `best.epoch: ${best.epoch} of ${progress.epoch}`;
  if (explosions.some(({ step, from_step }) => from_step > step))
    return 'explosions: the run went back to a later step';
  return null;
}
