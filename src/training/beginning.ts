/**
 * What the full stage begins with: the mean loss of the first batches as the network is, with the statistics of batch norm
 * that it has stored, and with those of the batches. A head that was fitted on stored statistics may know nothing of the
 * features that others give; where the stored ones are off (weights of 8 bits, variances included), the two losses differ by
 * orders of magnitude, and the first steps would throw the network away.
 *
 * From it follow what batch norm does where the recipe leaves that open, what a user is told, and from where on a loss has
 * exploded (explosion.ts).
 */
import type { Network } from '../models/index.js';
import { BatchNorm2d, Linear } from '../nn/index.js';
import { square, sum } from '../ops/index.js';
import type { Device } from '../program/device.js';
import { generator } from '../tensor/philox.js';
import { counted, percent } from '../text.js';
import { throwIfAborted } from '../interruption.js';
import { NO_WEIGHTS } from '../weights/index.js';
import type { RunContext } from '../recipe/options.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { type Beginning, firstLoss } from '../runs/beginning.js';
import type { FrozenChoices } from '../runs/run-state.js';
import type { TrainingData } from '../runs/data/training-data.js';
import { type MicroBatch, microBatchesOf } from './step/micro-batches.js';
import { joinsSingle, microBatchRanges } from './step/batch-ranges.js';
import { lastStage, setTrainable } from './step/stages.js';
import { networkInput, sharedLoss, type TrainingStepOptions } from './step/training-step.js';
import { adaptNetwork, changesOf, lossOptionsOf, samplingOf, weightPowerOf } from '../methods/index.js';

/** Images that are looked at: enough for a mean, and less work than a tenth of an epoch of a thousand. */
const IMAGES = 128;

/** Batch statistics that give a loss of at most so many times that of the stored ones agree with them. */
const AGREE = 1.25;
/** A loss of so many times that of guessing is told before training. */
const STRANGE = 3;

type BatchNormMode = FrozenChoices['batch_norm'];

export interface BeginningOptions extends RunContext, Pick<FrozenChoices, 'micro_batch' | 'batch_norm'> {
  readonly device: Device;
  /** With the head that training begins with. */
  readonly model: Network;
  readonly data: TrainingData;
  readonly recipe: Recipe;
}

/** Whether the statistics of batches give as good a loss as the stored ones. */
export function agrees({ stored_loss, batch_loss }: Beginning): boolean {
  if (batch_loss === undefined) return true;
  return batch_loss !== null && (stored_loss === null || batch_loss <= AGREE * stored_loss);
}

/** A head that was fitted again, to features of statistics taken from the training images. */
export interface Refitted {
  /** The least held-out losses of the two heads. */
  readonly heldOut: { readonly before: number; readonly after: number };
  /** Whether it is the better one. */
  readonly isKept: boolean;
  /** What training would have begun with otherwise. */
  readonly before: Beginning;
}

/** What is told of the beginning. */
export interface BeginningTold {
  readonly beginning: Beginning;
  readonly batchNorm: BatchNormMode;
  readonly recipe: Pick<Recipe, 'batch_norm' | 'weights' | 'epochs'>;
  /** The loss of guessing. */
  readonly guessed: number;
  readonly refitted: Refitted | null;
  /**
   * Where the losses are those of a head that was fitted only to compare them: to how many images, and the share of the
   * stored statistics that the run would end with.
   */
  readonly compared?: { readonly images: number; readonly share: number };
}

/** What is said of the beginning before the first step; null where there is nothing to say. */
export function beginningText({
  beginning,
  batchNorm,
  recipe: { batch_norm, weights, epochs },
  guessed,
  refitted,
  compared: by,
}: BeginningTold): string | null {
  const told = (value: number | null | undefined) =>
    value === null || value === undefined ? 'no number' : value.toPrecision(3);
  const compared = ({ stored_loss, batch_loss }: Beginning) =>
    `${told(stored_loss)} with the stored statistics of batch norm and ${told(batch_loss)} with those of batches`;
  const isCompared = beginning.batch_loss !== undefined && weights !== NO_WEIGHTS;
  const used = batchNorm === 'train' ? 'those of batches are used' : 'the stored ones are kept';
  const opening =
    by === undefined
      ? 'Before the first step the loss is'
      : `After ${counted(epochs, 'epoch')} ${percent(by.share)} of the running statistics of batch norm would still be the stored ones, so a head was fitted to ${counted(by.images, 'training sample')} to compare them. Its loss is`;
  if (refitted !== null) {
    const { before, heldOut, isKept } = refitted;
    const losses = `held-out loss ${told(heldOut.after)}, before ${told(heldOut.before)}`;
    const rest = isKept
      ? `the statistics were taken anew from the training data and the head was fitted to them (${losses}). Now it is ${compared(beginning)}: ${used}.`
      : `a head that is fitted to statistics of the training data is no better (${losses}), so the stored ones are kept.`;
    return `${opening} ${compared(before)}: ${rest}`;
  }
  if (isCompared && batch_norm === 'auto') return `${opening} ${compared(beginning)}: ${used}.`;
  const first = firstLoss(beginning, batchNorm);
  if (first !== null && first <= STRANGE * guessed) return null;
  const { stored_loss } = beginning;
  if (isCompared && stored_loss !== null && !agrees(beginning))
    return `Note: before the first step the loss is ${compared(beginning)}; --batch-norm auto would keep the better ones.`;
  return `Note: training begins with a loss of ${told(first)}, where guessing has ${guessed.toPrecision(3)}: the features are far from usual. Try other weights, or a lower --lr.`;
}

/** Puts the network on the device as the full stage will train it, with all its layers. */
export async function prepareLayers({ device, model, recipe, batch_norm }: BeginningOptions): Promise<void> {
  await setTrainable(model, lastStage(model, recipe), batch_norm);
  // By what is trainable: after it.
  adaptNetwork(model, recipe);
  await model.to(device);
}

/**
 * Measures it on the first batches of the first epoch, as they are varied there. The network is as before. Throws
 * 'interrupted' on the signal.
 */
export async function measureBeginning(options: BeginningOptions): Promise<Beginning> {
  const { model } = options;
  await prepareLayers(options);
  const trained = Array.from(model.modules()).filter(
    (module) => module instanceof BatchNorm2d && module.mode === 'train',
  ) as BatchNorm2d[];
  const modes: BatchNormMode[] = trained.length > 0 ? ['frozen', 'train'] : ['frozen'];
  const [stored, batch] = await meanLosses(options, modes, (mode) => {
    for (const norm of trained) norm.mode = mode;
  });
  return {
    stored_loss: stored,
    ...(batch !== undefined && { batch_loss: batch }),
    head_norm: await headNorm(options),
  };
}

async function headNorm({ device, model: { head } }: BeginningOptions): Promise<number | null> {
  return head instanceof Linear ? Math.sqrt(await device.run(() => sum(square(head.weight)))) : null;
}

/** The mean loss of the images looked at, in each of some modes of batch norm. */
async function meanLosses(
  options: BeginningOptions,
  modes: readonly BatchNormMode[],
  setMode: (mode: BatchNormMode) => void,
): Promise<(number | null)[]> {
  const { device, model, recipe, data } = options;
  const totals = modes.map(() => 0);
  let images = 0;
  for await (const { size, microBatches, ...asked } of firstBatches(options)) {
    for (const [m, mode] of modes.entries()) {
      setMode(mode);
      for (const micro of microBatches) {
        // The share 0 of a batch: the running statistics stay as they are.
        const training = { random: generator(recipe.seed), momentum: 0 };
        totals[m] +=
          size *
          (await device.run(() => {
            const outputs = model.forward(networkInput(micro, data.input), training);
            return sharedLoss(outputs, micro.targets, micro.shares, asked);
          }));
      }
    }
    images += size;
  }
  return totals.map((total) => (Number.isFinite(total) ? total / images : null));
}

/** A batch in micro-batches, and how its loss is asked for. */
export interface FirstBatch extends Pick<TrainingStepOptions, 'task' | 'loss' | 'classWeights'> {
  /** Images of the batch. */
  readonly size: number;
  readonly microBatches: readonly MicroBatch[];
}

/** The batches that the first epoch begins with, as they are varied there, up to the images that are looked at. */
export async function* firstBatches({
  data,
  recipe,
  micro_batch,
  signal,
}: Omit<BeginningOptions, 'device' | 'model'>): AsyncGenerator<FirstBatch> {
  const { task, training } = data;
  const { shape } = training.input;
  const power = weightPowerOf(recipe);
  const imageWeights = task.imageWeights(training.images, power);
  const classWeights = task.classWeights(training.images, power);
  const loss = lossOptionsOf(recipe);
  let images = 0;
  const batches = training.batches({
    batchSize: recipe.batch_size,
    seed: recipe.seed,
    epoch: 0,
    sampling: samplingOf(recipe),
    joinSingle: joinsSingle('train'),
  });
  for await (const batch of batches) {
    throwIfAborted(signal);
    const { size } = batch;
    const targets = task.targets(Array.from(batch.indices, (index) => training.images[index]));
    const ranges = microBatchRanges(size, micro_batch, joinsSingle('train'));
    // Mixed images have another loss, whatever the head.
    const { mix: _, ...changes } = changesOf(recipe, { step: 1, shape, samples: batch.samples });
    const microBatches = microBatchesOf(batch, { targets, imageWeights, ranges, changes });
    yield { size, microBatches, task, loss, classWeights };
    images += size;
    if (images >= IMAGES) break;
  }
}
