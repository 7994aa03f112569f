/**
 * How many images are computed at once. As many of a batch as fit: the plans of a training step and of the validation
 * are made, without running them, for half as many until the device can hold them. The choice is kept for the whole run.
 */
import { drawSteps, type ImageStep, parseAugment } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import type { ImageClassifier } from '../../models/index.js';
import type { Device } from '../../program/device.js';
import { generator } from '../../tensor/philox.js';
import { evaluationBatch, isTooLarge } from '../../runs/device.js';
import { recordForward } from '../inference/inference.js';
import { throwIfAborted } from '../../interruption.js';
import { joinsSingle, largestMicroBatch } from './batch-ranges.js';
import { adaptNetwork, changesOf, lossOptionsOf, weightPowerOf } from '../../methods/index.js';
import { NO_WEIGHTS } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { makeOptimizer } from './parameter-groups.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { FrozenChoices } from '../../runs/run-state.js';
import type { TrainingData } from '../../runs/data/training-data.js';
import { lastStage, setTrainable } from './stages.js';
import type { Task } from '../../tasks/index.js';
import { type MicroBatch, recordMicroBatch } from './training-step.js';

/** Statistics of fewer images are too noisy to train with: they stay fixed, unless asked for. */
const LEAST_FOR_STATISTICS = 16;

/** How many images a run has. */
export interface ImageCounts {
  readonly train: number;
  /** Images of the largest part that is evaluated; 0 where there is none. */
  readonly evaluated: number;
}

/** The counts of a run's parts. */
export function imageCounts({ train, val, test }: Pick<TrainingData, 'train' | 'val' | 'test'>): ImageCounts {
  return { train: train.images.length, evaluated: Math.max(val.images.length, test.images.length) };
}

/**
 * Chooses the micro-batch for so many images, and what batch norm does with it. Throws AttuneError 'device' when not
 * even one image, or the micro-batch of the recipe, fits; 'interrupted' on the signal.
 */
export async function chooseMicroBatch(
  device: Device,
  model: ImageClassifier,
  task: Task,
  recipe: Recipe,
  images: ImageCounts,
  { onEvent, signal }: RunContext,
): Promise<Pick<FrozenChoices, 'micro_batch' | 'batch_norm'>> {
  let micro = recipe.micro_batch ?? recipe.batch_size;
  for (;;) {
    throwIfAborted(signal);
    const atOnce = Math.min(micro, images.train);
    const batchNorm = batchNormFor(atOnce, recipe);
    try {
      const size = largestMicroBatch(images.train, recipe.batch_size, micro, joinsSingle(batchNorm));
      await planStep(device, model, task, recipe, size, batchNorm);
      await planEvaluation(device, model, recipe, micro, images.evaluated);
      announce(micro, atOnce, batchNorm, recipe, { ...(onEvent && { onEvent }) });
      return { micro_batch: micro, batch_norm: batchNorm };
    } catch (error) {
      if (!isTooLarge(error, device)) throw error;
      if (micro === 1 || recipe.micro_batch !== null) throw withAdvice(error, recipe);
      micro = Math.ceil(micro / 2);
    }
  }
}

/** A device knows of smaller batches; that a step can do with less memory is known here. */
function withAdvice(error: AttuneError, { memory }: Recipe): AttuneError {
  if (memory === 'low') return error;
  const { code, what, where, hint } = error;
  const other = hint === undefined ? '' : `, or ${hint}`;
  return new AttuneError({ code, what, where, hint: `add --memory low${other}` }, { cause: error });
}

/**
 * What batch norm does where so many images are computed at once, as far as that decides. Random weights come with no
 * statistics: the mean 0 and the deviation 1 that stand there are those of nothing, and any batch's are better.
 */
export function batchNormFor(
  micro: number,
  { batch_norm, weights }: Pick<Recipe, 'batch_norm' | 'weights'>,
): FrozenChoices['batch_norm'] {
  if (batch_norm !== 'auto') return batch_norm;
  // A single image may have one value per channel, which has no variance.
  if (weights === NO_WEIGHTS && micro > 1) return 'train';
  return micro >= LEAST_FOR_STATISTICS ? 'train' : 'frozen';
}

function announce(
  micro: number,
  atOnce: number,
  batchNorm: string,
  recipe: Recipe,
  { onEvent }: RunContext,
): void {
  if (micro < recipe.batch_size) {
    const times = Math.ceil(recipe.batch_size / micro);
    onEvent?.({
      type: 'note',
      text: `A batch of ${recipe.batch_size} is computed as ${times} times ${micro} images.`,
    });
  }
  if (recipe.batch_norm === 'auto' && batchNorm === 'frozen') {
    onEvent?.({
      type: 'note',
      text: `Batch norm keeps its statistics, as ${atOnce} images are too few to estimate them; its scale and shift are trained.`,
    });
  }
}

/** Which means and deviations images are normalised with costs nothing. */
const ANY_COLORS = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** Steps as those of an image: which they are does not show in the plan. */
function anySteps({ augment, image_size }: Recipe): readonly ImageStep[] {
  return drawSteps(parseAugment(augment).parts, image_size, { seed: 0, epoch: 0, index: 0 });
}

/** Makes the plan of a micro-batch of `size` images with the memory of the optimiser beside it. */
async function planStep(
  device: Device,
  model: ImageClassifier,
  task: Task,
  recipe: Recipe,
  size: number,
  batchNorm: FrozenChoices['batch_norm'],
): Promise<void> {
  await setTrainable(model, lastStage(model, recipe), batchNorm);
  await model.to(device);
  const optimizer = makeOptimizer(model, recipe);
  try {
    const side = recipe.image_size;
    const random = generator(recipe.seed);
    const { scaling } = optimizer;
    const classWeights = weightPowerOf(recipe) === 0 ? null : new Float64Array(task.names.length).fill(1);
    const loss = lossOptionsOf(recipe);
    const step = { model, task, loss, classWeights, side, random, scaling };
    const options = { ...step, preprocessing: ANY_COLORS };
    adaptNetwork(model, recipe);
    await device.prepare(() => recordMicroBatch(blankMicroBatch(size, task, recipe), options));
  } finally {
    optimizer.close();
  }
}

/** Makes the plan of the largest batch that is evaluated after each epoch: what fails there would cost the epoch. */
async function planEvaluation(
  device: Device,
  model: ImageClassifier,
  { image_size: side }: Recipe,
  micro: number,
  images: number,
): Promise<void> {
  const size = Math.min(images, evaluationBatch(device, micro));
  if (size === 0) return;
  const pixels = new Uint8Array(size * side * side * 3);
  await device.prepare(() => recordForward((x) => model.forward(x), pixels, side, ANY_COLORS));
}

/** What the trainer would compute, without images. */
function blankMicroBatch(size: number, task: Task, recipe: Recipe): MicroBatch {
  const side = recipe.image_size;
  const samples = Array.from({ length: size }, (_, index) => ({ seed: recipe.seed, epoch: 0, index }));
  const { mix, erased } = changesOf(recipe, { step: 1, side, samples });
  const rows = mix === undefined ? size : size + 1;
  return {
    images: new Uint8Array(rows * side * side * 3),
    targets: task.blankTargets(rows),
    steps: new Array(rows).fill(anySteps(recipe)),
    shares: new Float32Array(size),
    ...(erased !== undefined && { erased: new Int32Array(4 * rows) }),
    ...(mix !== undefined && { mix: { ...mix, partnerShares: new Float32Array(size) } }),
  };
}
