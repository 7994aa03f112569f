/**
 * Chooses how many images are computed at once, and what batch norm does then. As many of a batch as fit: the plans of a
 * training step and of the validation are made, without running them, for half as many until the device can hold them.
 * The choice is kept for the whole run.
 */
import { takeRows, type TrainingSamples } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import type { Network } from '../../models/index.js';
import { BatchNorm2d } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import { generator } from '../../tensor/philox.js';
import { evaluationBatch, isTooLarge } from '../../runs/device.js';
import { throwIfAborted } from '../../interruption.js';
import { joinsSingle, largestMicroBatch } from './batch-ranges.js';
import { adaptNetwork, changesOf, lossOptionsOf, weightPowerOf } from '../../methods/index.js';
import { NO_WEIGHTS } from '../../weights/index.js';
import type { RunContext } from '../../recipe/options.js';
import { makeOptimizer } from './parameter-groups.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { FrozenChoices } from '../../runs/run-state.js';
import type { TrainingData } from '../../runs/data/training-data.js';
import { lastStage, setTrainable } from './stages.js';
import type { Task } from '../../tasks/index.js';
import type { MicroBatch } from './micro-batches.js';
import { recordMicroBatch } from './training-step.js';

/** Statistics of fewer images are too noisy to train with: they stay fixed, unless asked for. */
const LEAST_FOR_STATISTICS = 16;

/** How many samples a run has, and what they are like. */
export interface PlannedSamples extends Pick<TrainingSamples<unknown>, 'input' | 'blank'> {
  readonly train: number;
  /** Samples of the largest part that is evaluated; 0 where there is none. */
  readonly evaluated: number;
}

/** The samples of a run's parts. */
export function plannedSamples({ training, train, val, test }: TrainingData): PlannedSamples {
  const { input, blank } = training;
  const evaluated = Math.max(val.images.length, test.images.length);
  return { train: train.images.length, evaluated, input, blank };
}

/**
 * Chooses the micro-batch for so many images, and what batch norm does with it. Throws AttuneError 'device' when not
 * even one image, or the micro-batch of the recipe, fits; 'interrupted' on the signal.
 */
export async function chooseMicroBatch(
  device: Device,
  model: Network,
  task: Task,
  recipe: Recipe,
  samples: PlannedSamples,
  { onEvent, signal }: RunContext,
): Promise<Pick<FrozenChoices, 'micro_batch' | 'batch_norm'>> {
  let micro = recipe.micro_batch ?? recipe.batch_size;
  for (;;) {
    throwIfAborted(signal);
    const atOnce = Math.min(micro, samples.train);
    const batchNorm = batchNormFor(atOnce, recipe);
    try {
      const size = largestMicroBatch(samples.train, recipe.batch_size, micro, joinsSingle(batchNorm));
      await planStep(device, model, task, recipe, samples, size, batchNorm);
      await planEvaluation(device, model, samples, micro);
      announce(micro, atOnce, hasBatchNorms(model) ? batchNorm : null, recipe, {
        ...(onEvent && { onEvent }),
      });
      return { micro_batch: micro, batch_norm: batchNorm };
    } catch (error) {
      if (!isTooLarge(error, device)) throw error;
      if (recipe.micro_batch !== null) throw withAdvice(error, recipe);
      if (micro === 1)
        throw withAdvice(error, recipe, await firstThatFits(device, model, task, recipe, samples));
      micro = Math.ceil(micro / 2);
    }
  }
}

/** A device knows of smaller batches; that a step can do with less memory, and with fewer layers, is known here. */
function withAdvice(error: AttuneError, { memory }: Recipe, block: string | null = null): AttuneError {
  const { code, what, where, hint } = error;
  const advice = [
    ...(block === null ? [] : [`train fewer layers: --train-from ${block} fits`]),
    ...(memory === 'low' ? [] : ['add --memory low']),
    ...(hint === undefined ? [] : [hint]),
  ];
  return new AttuneError({ code, what, where, hint: advice.join(', or ') }, { cause: error });
}

/**
 * The lowest block of layers from which on a step of one sample fits, as weights, gradients and the optimiser's memory of
 * more may be what does not; null where none does, or where the strategy has an order of its own.
 */
async function firstThatFits(
  device: Device,
  model: Network,
  task: Task,
  recipe: Recipe,
  samples: PlannedSamples,
): Promise<string | null> {
  if (recipe.strategy === 'gradual') return null;
  const names = model.layerBlocks().map(({ name }) => name);
  const lowest = recipe.train_from === null ? 0 : names.indexOf(recipe.train_from);
  let [below, found] = [lowest, names.length];
  while (found - below > 1) {
    const middle = Math.ceil((below + found) / 2);
    const higher = { ...recipe, train_from: names[middle]! };
    if (await fits(device, () => planStep(device, model, task, higher, samples, 1, batchNormFor(1, higher))))
      found = middle;
    else below = middle;
  }
  return names[found] ?? null;
}

async function fits(device: Device, plan: () => Promise<void>): Promise<boolean> {
  try {
    await plan();
    return true;
  } catch (error) {
    if (!isTooLarge(error, device)) throw error;
    return false;
  }
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

function hasBatchNorms(model: Network): boolean {
  return [...model.modules()].some((module) => module instanceof BatchNorm2d);
}

/** `batchNorm` is null for a network that has none. */
function announce(
  micro: number,
  atOnce: number,
  batchNorm: string | null,
  recipe: Recipe,
  { onEvent }: RunContext,
): void {
  if (micro < recipe.batch_size) {
    const times = Math.ceil(recipe.batch_size / micro);
    onEvent?.({
      type: 'note',
      text: `A batch of ${recipe.batch_size} is computed as ${times} times ${micro} samples.`,
    });
  }
  if (recipe.batch_norm === 'auto' && batchNorm === 'frozen') {
    onEvent?.({
      type: 'note',
      text: `Batch norm keeps its statistics, as ${atOnce} samples are too few to estimate them; its scale and shift are trained.`,
    });
  }
}

/** Makes the plan of a micro-batch of `size` images with the memory of the optimiser beside it. */
async function planStep(
  device: Device,
  model: Network,
  task: Task,
  recipe: Recipe,
  samples: PlannedSamples,
  size: number,
  batchNorm: FrozenChoices['batch_norm'],
): Promise<void> {
  await setTrainable(model, lastStage(model, recipe), batchNorm);
  await model.to(device);
  const optimizer = makeOptimizer(model, recipe);
  try {
    const { input } = samples;
    const random = generator(recipe.seed);
    const { scaling } = optimizer;
    const classWeights = weightPowerOf(recipe) === 0 ? null : new Float64Array(task.names.length).fill(1);
    const loss = lossOptionsOf(recipe);
    const options = { model, task, loss, classWeights, input, random, scaling };
    adaptNetwork(model, recipe);
    await device.prepare(() => recordMicroBatch(blankMicroBatch(size, task, recipe, samples), options));
  } finally {
    optimizer.close();
  }
}

/** Makes the plan of the largest batch that is evaluated after each epoch: what fails there would cost the epoch. */
async function planEvaluation(
  device: Device,
  model: Network,
  { evaluated, input }: PlannedSamples,
  micro: number,
): Promise<void> {
  const size = Math.min(evaluated, evaluationBatch(device, micro));
  if (size === 0) return;
  await device.prepare(() => model.forward(input.record(input.blank(size))));
}

/** What the trainer would compute, of samples that say nothing. */
function blankMicroBatch(
  size: number,
  task: Task,
  recipe: Recipe,
  { input, blank }: PlannedSamples,
): MicroBatch {
  const samples = Array.from({ length: size }, (_, index) => ({ seed: recipe.seed, epoch: 0, index }));
  const { mix, arrays } = changesOf(recipe, { step: 1, shape: input.shape, samples });
  const rows = mix === undefined ? size : size + 1;
  // What is drawn says nothing either: a row more of it may be any.
  const drawn = Object.entries(arrays ?? {}).map(([name, array]) => [
    name,
    takeRows(array, size, 0, size, mix !== undefined),
  ]);
  const batch = blank(rows);
  return {
    ...batch,
    arrays: { ...batch.arrays, ...Object.fromEntries(drawn) },
    targets: task.blankTargets(rows),
    shares: new Float32Array(size),
    ...(mix !== undefined && { mix: { ...mix, partnerShares: new Float32Array(size) } }),
  };
}
