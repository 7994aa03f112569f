/**
 * The full stage's loop: micro-batches into gradients, gradients into an update, epochs into metrics.
 *
 * A step is one program per micro-batch and one for the update, which also clears the gradients. Results are read
 * one step behind, so the device never waits for the host; except where steps are long, and the host's share of them
 * is nothing: Ctrl-C has then one step to wait for and not two. Everything that a step does follows from the recipe,
 * the frozen choices and the progress: that is why a resumed run equals one that was never stopped.
 */
import type { EpochBatch, LabelledImage, TrainingSamples } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import type { Network } from '../models/index.js';
import {
  gatherGradients,
  type Optimizer,
  type Schedule,
  scheduleFactor,
  scheduleMomentum,
} from '../optim/index.js';
import type { Device } from '../program/device.js';
import { generator } from '../tensor/philox.js';
import { type MicroBatch, microBatchesOf } from './step/micro-batches.js';
import { batchesPerEpoch, joinsSingle, microBatchRanges } from './step/batch-ranges.js';
import { EpochClock, imagesPerSecond } from './epoch-clock.js';
import {
  adaptNetwork,
  type BatchChanges,
  changesOf,
  dominantTargets,
  lossOptionsOf,
  placesElsewhere,
  samplingOf,
  weightPowerOf,
} from '../methods/index.js';
import type { RunContext } from '../recipe/options.js';
import { type Profile, timed } from './profile/profile.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { assertNotExploded } from './explosion.js';
import type { FrozenChoices, Progress } from '../runs/run-state.js';
import { scheduleLength, scheduleOf } from '../recipe/schedule.js';
import type { LossOptions, Targets, Task } from '../tasks/index.js';
import { RecentBatches } from './step/recent-batches.js';
import { recordMicroBatch } from './step/training-step.js';

export interface TrainerOptions extends RunContext {
  readonly device: Device;
  readonly model: Network;
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly recipe: Recipe;
  readonly frozen: FrozenChoices;
  /** The training images as the epochs vary them. */
  readonly training: TrainingSamples<LabelledImage>;
  readonly progress: Progress;
  /** The validation loss after each epoch so far. */
  readonly valLosses: () => readonly number[];
  /** On the rates of the schedule. Default: 1. */
  readonly rateFactor?: number;
  /**
   * The loss that training began with, null where it was not measured: a loss that has exploded, beside it or the steps
   * before, is an error. Absent: it is none.
   */
  readonly began?: number | null;
  /** In place of the schedule: the factor on all rates at a step, counted from 0. */
  readonly sweep?: (step: number) => number;
  /** Notes what the steps spend their time with. */
  readonly profile?: Profile;
  /** Called after each step with what is known so far. */
  readonly onStep?: (step: StepReport) => void;
  /** Called with the mean loss of each step, in their order; waited for. */
  readonly onLoss?: (step: number, loss: number) => Promise<void>;
  /** Saves the run between two steps, whenever it is time. */
  readonly saving?: { readonly isDue: boolean; save(): Promise<void> };
  /** Called when the gradients of an epoch's last step are there: what it starts reads them before the update. */
  readonly onLastGradients?: () => void;
}

export interface StepReport {
  readonly epoch: number;
  readonly batch: number;
  readonly batches: number;
  /** Means over the epoch so far; null before the first result. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly imagesPerSecond: number | null;
}

/** From this time for a step on, it is waited for before the next one begins, in seconds. */
const LONG_STEP = 1;

/** A step whose results are on their way. */
interface PendingStep {
  readonly step: number;
  readonly batch: EpochBatch;
  /** What counts as right of each image. */
  readonly counted: Targets;
  readonly results: Promise<readonly MicroBatchResult[]>;
}

interface MicroBatchResult {
  readonly loss: number;
  readonly predicted: ArrayLike<number>;
}

export class Trainer {
  private readonly options: TrainerOptions;
  private readonly schedule: Schedule;
  private readonly baseRates: readonly number[];
  /** By the place of an image in the data set. */
  private readonly imageWeights: ArrayLike<number>;
  private readonly classWeights: ArrayLike<number> | null;
  private readonly loss: LossOptions;
  private readonly random;
  /** How long the last step took; long, as long as it is not known. */
  private stepSeconds = Number.POSITIVE_INFINITY;
  /** The mean loss of the steps before, in this epoch or at the end of the last one; null at the first. */
  private meanLoss: number | null = null;
  /** The norm of the gradients at the end of the last epoch; null before one has ended here. */
  gradientNorm: number | null = null;
  private readonly recent = new RecentBatches();

  constructor(options: TrainerOptions) {
    const { recipe, optimizer, training, model, task } = options;
    this.options = options;
    this.schedule = scheduleOf(recipe);
    this.baseRates = optimizer.groups.map(({ lr }) => lr);
    const power = weightPowerOf(recipe);
    this.imageWeights = task.imageWeights(training.images, power);
    this.classWeights = task.classWeights(training.images, power);
    this.loss = lossOptionsOf(recipe);
    this.random = generator(recipe.seed);
    adaptNetwork(model, recipe);
  }

  get batchesPerEpoch(): number {
    const { training, recipe, frozen } = this.options;
    return batchesPerEpoch(training.images.length, recipe, frozen);
  }

  /** The rate of every group at the last step; that may have been before the run was resumed. */
  get rates(): Record<string, number> {
    const { optimizer, progress } = this.options;
    const rates = this.ratesAt(progress.step - 1);
    return Object.fromEntries(optimizer.groups.map(({ name }, i) => [name, rates[i]]));
  }

  /**
   * Trains from the current progress to the end of its epoch; true when it got there, false when the signal was
   * aborted: progress then says at which batch. All steps done are finished when it returns.
   *
   * Throws AttuneError 'numeric' naming step, layer and images when gradients are not finite, or the loss has exploded.
   */
  async trainEpoch(): Promise<boolean> {
    const { recipe, progress, signal, training, profile, saving } = this.options;
    const clock = new EpochClock(progress);
    let pending: PendingStep | null = null;
    const batches = training.batches({
      batchSize: recipe.batch_size,
      seed: recipe.seed,
      epoch: progress.epoch,
      sampling: samplingOf(recipe),
      startBatch: progress.batch,
      joinSingle: this.joinsSingle,
      spare: this.recent.spare,
    });
    const finishPending = async () => {
      const step = pending;
      if (step !== null) await timed(profile, 'wait for device', () => this.finishStep(step));
      const seconds = clock.tick(step?.batch.size ?? 0);
      if (step === null) return;
      this.stepSeconds = seconds;
      profile?.stepFinished();
      pending = null;
    };
    for await (const batch of profile?.batches(batches, training.workers) ?? batches) {
      const isLong = this.stepSeconds >= LONG_STEP;
      const isSaved = pending !== null && saving?.isDue === true;
      if (isLong || isSaved) await finishPending();
      if (signal?.aborted) break;
      if (isSaved) {
        await this.checkLastStep();
        await saving.save();
        clock.restart();
      }
      const next = timed(profile, 'record step', () => this.startStep(batch));
      if (!isLong) await finishPending();
      pending = next;
      this.report();
    }
    await finishPending();
    await this.checkLastStep();
    return progress.batch === this.batchesPerEpoch;
  }

  private get joinsSingle(): boolean {
    return joinsSingle(this.options.frozen.batch_norm);
  }

  private startStep(batch: EpochBatch): PendingStep {
    const { device, optimizer, progress, onLastGradients } = this.options;
    const step = progress.step + 1;
    const changes = this.changesOf(step, batch);
    const microBatches = this.microBatches(batch, changes);
    this.setRates();
    const results = this.startGradients(microBatches);
    if (progress.batch + 1 === this.batchesPerEpoch) onLastGradients?.();
    const updated = device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
    const finished = updated.then(() => results);
    // Awaited in finishStep; until then a failure must not end the process.
    results.catch(() => undefined);
    finished.catch(() => undefined);
    progress.step = step;
    progress.batch++;
    this.recent.add(step, batch);
    return {
      step,
      batch,
      counted: dominantTargets(this.targetsOf(batch), batch.size, changes.mix),
      results: finished,
    };
  }

  /** Gathers the gradients of a step, in as many passes over its batch as the optimiser's parts ask for. */
  private startGradients(microBatches: readonly MicroBatch[]): Promise<MicroBatchResult[]> {
    const { optimizer, progress } = this.options;
    const firstRandom = progress.random;
    return gatherGradients(optimizer, () => {
      // In each pass the same is dropped, and the plan is the same: only the weights differ.
      progress.random = firstRandom;
      return Promise.all(microBatches.map((micro) => this.startMicroBatch(micro)));
    });
  }

  /** Records one micro-batch: its share of the batch's mean loss goes into the gradients. */
  private startMicroBatch(micro: MicroBatch): Promise<MicroBatchResult> {
    const { device, model, task, training, progress } = this.options;
    this.random.step = progress.random++;
    const { scaling } = this.options.optimizer;
    const { classWeights, random, loss } = this;
    const options = { model, task, loss, classWeights, input: training.input, random, scaling };
    return device.run(() => recordMicroBatch(micro, options));
  }

  private async finishStep({ step, batch, counted, results }: PendingStep): Promise<void> {
    const { progress, task, onLoss } = this.options;
    const each = await this.explained(() => results);
    const predicted = each.flatMap((one) => Array.from(one.predicted));
    const loss = each.reduce((total, one) => total + one.loss, 0);
    if (progress.images > 0) this.meanLoss = progress.loss / progress.images;
    progress.loss += loss * batch.size;
    progress.images += batch.size;
    this.assertNotExploded(step, loss);
    progress.correct += task.countRight(predicted, counted);
    await onLoss?.(step, loss);
  }

  /** Called when the step is in the sums of the epoch. */
  private assertNotExploded(step: number, loss: number): void {
    const { progress, task, began, recipe } = this.options;
    if (began === undefined) return;
    const epoch = {
      mean: progress.loss / progress.images,
      steps: Math.ceil(progress.images / recipe.batch_size),
    };
    assertNotExploded({ step, loss, guessed: task.guessedLoss, before: this.meanLoss, began, epoch });
  }

  /** The gate of the last update is read with the next program; there may be none. */
  private async checkLastStep(): Promise<void> {
    const norm = await this.explained(() => this.options.optimizer.gradientNorm());
    // Not finite is that of a step which mixed precision has left out.
    this.gradientNorm = norm > 0 && Number.isFinite(norm) ? norm : null;
  }

  /** Adds to a 'numeric' failure what the device cannot know: which layer, which images. */
  private async explained<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof AttuneError) || error.code !== 'numeric') throw error;
      throw await this.diagnose(error);
    }
  }

  private async diagnose(error: AttuneError): Promise<AttuneError> {
    const { device, model, recipe, training, optimizer } = this.options;
    const step = optimizer.lastFailedStep;
    const batch = step === null ? undefined : this.recent.get(step);
    if (step === null || batch === undefined) return error;
    const micro = this.microBatches(batch, this.changesOf(step, batch));
    for (const one of micro) await this.startMicroBatch(one).catch(() => undefined);
    let layer: string | undefined;
    const names = new Map(Array.from(model.namedParameters(), ([name, parameter]) => [parameter, name]));
    for (const parameter of model.memory.parameters) {
      if (parameter.gradient === null) continue;
      const values = await device.read(parameter.gradient).catch(() => null);
      if (values?.every(Number.isFinite) === false) {
        layer = names.get(parameter);
        break;
      }
    }
    const images = Array.from(batch.indices.slice(0, 4), (index) => training.images[index].path);
    const more =
      batch.indices.length > images.length ? ` and ${batch.indices.length - images.length} more` : '';
    // Each of them may be finite, and the sum of their squares not.
    const large = 'are too large for their norm to be finite';
    const elsewhere = placesElsewhere(recipe)
      .map((place) => `, or not finite ${place}`)
      .join('');
    const fault = layer === undefined ? large + elsewhere : `are not finite, first in ${layer}`;
    return new AttuneError(
      {
        code: 'numeric',
        what: `the gradients of step ${step} ${fault}; that step changed nothing`,
        where: `${images.join(', ')}${more}`,
        hint: 'lower the learning rates, or look at these files',
      },
      { cause: error },
    );
  }

  private setRates(): void {
    const { optimizer, recipe, progress, sweep } = this.options;
    const rates = this.ratesAt(progress.step);
    optimizer.groups.forEach((group, i) => {
      group.lr = rates[i];
    });
    if (sweep !== undefined) return;
    const length = scheduleLength(recipe, this.batchesPerEpoch);
    optimizer.momentum = scheduleMomentum(this.schedule, progress.step, length) ?? optimizer.momentum;
  }

  /** The rate of every group, in their order; steps count from 0. */
  private ratesAt(step: number): number[] {
    const { recipe, valLosses, sweep, rateFactor = 1 } = this.options;
    const length = scheduleLength(recipe, this.batchesPerEpoch);
    const factor = sweep?.(step) ?? scheduleFactor(this.schedule, step, length, valLosses());
    return this.baseRates.map((rate) => rate * factor * rateFactor);
  }

  private changesOf(step: number, { samples }: EpochBatch): BatchChanges {
    const { recipe, training } = this.options;
    return changesOf(recipe, { step, shape: training.input.shape, samples });
  }

  private microBatches(batch: EpochBatch, changes: BatchChanges): MicroBatch[] {
    const { frozen } = this.options;
    const { imageWeights, joinsSingle } = this;
    const ranges = microBatchRanges(batch.size, frozen.micro_batch, joinsSingle);
    const targets = this.targetsOf(batch);
    return microBatchesOf(batch, { targets, imageWeights, ranges, changes });
  }

  private targetsOf({ indices }: EpochBatch): Targets {
    const { task, training } = this.options;
    return task.targets(Array.from(indices, (index) => training.images[index]));
  }

  private report(): void {
    const { progress, task, onStep } = this.options;
    const { epoch, batch, images, loss, correct } = progress;
    const known = images > 0;
    const { rightShare } = task.measures;
    const values = task.trainValues({ correct, images });
    onStep?.({
      epoch: epoch + 1,
      batch,
      batches: this.batchesPerEpoch,
      loss: known ? loss / images : null,
      accuracy: known && rightShare !== null ? (values[rightShare.key] ?? null) : null,
      imagesPerSecond: imagesPerSecond(progress),
    });
  }
}
