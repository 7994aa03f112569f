/**
 * What the event files of a run say, and when. The step of everything is the number of updates of the weights, after the
 * iterations of the head where one was fitted before: one axis, so that a run that goes on continues all curves at one
 * place. Apart from clocks (wall times, seconds and images per second) the same run writes the same.
 */
import { encodePng, type RgbImage } from '../../inputs/index.js';
import { type Encoded, summaries } from '../../formats/index.js';
import type { Network } from '../../models/index.js';
import type { TypedArray } from '../../device/dtype.js';
import { Linear } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import type { Parameter } from '../../tensor/parameter.js';
import { HEAD_STAGE } from '../../recipe/choices.js';
import { summarize } from '../../runs/device.js';
import type { ProbeResult } from '../heads/probe.js';
import type { EpochRecord } from '../../recipe/results.js';
import { nameOfWeights, withNamesOnly } from '../../recipe/names-only.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { TrainingData } from '../../runs/data/training-data.js';
import type { Best, Task } from '../../tasks/index.js';
import type { FullStage } from '../step/stage-context.js';
import {
  hyperparametersOf,
  metricTags,
  recipeText,
  resultText,
  type RunDescription,
  runText,
} from './description.js';
import { EventLog } from '../../runs/event-log.js';
import { histogramOf } from './histogram.js';
import { firstImages, someImages, worstImages } from './pictures.js';

/** The event files of a run with a full stage. */
export class RunLog {
  private readonly log: EventLog;
  private readonly stage: FullStage;
  /** Steps before the first of the full stage. */
  private readonly headSteps: number;
  private gradients: Promise<TypedArray[]> | null = null;
  private outputs: Float32Array | null = null;

  /** Opens the file of this process; null where the run is to have none. Close it. Throws AttuneError 'disk'. */
  static async open(stage: FullStage): Promise<RunLog | null> {
    const { folder, state } = stage;
    const { recipe, events, progress } = state;
    if (!recipe.tensorboard) return null;
    const headSteps = headEpochsOf(state).length;
    const before = events === null ? null : { position: events, step: headSteps + progress.step };
    return new RunLog(await EventLog.open(folder, before), stage, headSteps);
  }

  private constructor(log: EventLog, stage: FullStage, headSteps: number) {
    this.log = log;
    this.stage = stage;
    this.headSteps = headSteps;
  }

  /** What is known before the first step. */
  async begin(): Promise<void> {
    const { state, data } = this.stage;
    const { recipe, weights, frozen } = state;
    const { task } = data;
    begin(this.log, { recipe, weights, device: frozen.device, task, images: countsOf(data) });
    for (const [i, record] of headEpochsOf(state).entries()) this.log.add(i + 1, epochScalars(record, task));
    const picture = await firstImages(this.stage);
    this.log.add(this.step, [await imageOf('images/first_batch', picture)]);
  }

  /** The mean loss of a step of the full stage. */
  readonly loss = async (step: number, loss: number): Promise<void> => {
    this.log.add(this.headSteps + step, [summaries.scalar('loss/step', loss)]);
    await this.log.flushIfDue();
  };

  /** Starts reading the gradients as they are; `endOfSteps` makes use of them. */
  readonly readGradients = (): void => {
    const { model, state } = this.stage;
    if (!state.recipe.histograms) return;
    this.gradients = model.memory.gradients.read();
    // Awaited at the end of the epoch; until then a failure must not end the process.
    this.gradients.catch(() => undefined);
  };

  /** All steps of an epoch are done. The norm is null where they were done by a process before. */
  async endOfSteps(norm: number | null): Promise<void> {
    const { model } = this.stage;
    if (norm !== null) this.log.add(this.step, [summaries.scalar('gradients/norm', norm)]);
    if (this.gradients === null) return;
    this.log.add(this.step, histogramsOf('gradients', model, model.memory.parameters, await this.gradients));
    this.gradients = null;
  }

  /** An epoch was validated. `outputs` are those of the validation images. */
  async epoch(record: EpochRecord, outputs: Float32Array): Promise<void> {
    const { state, model, data } = this.stage;
    const { task } = data;
    const { memory } = model;
    this.outputs = outputs;
    this.log.add(this.step, [...epochScalars(record, task), ...bestScalars(state.best, task)]);
    if (!state.recipe.histograms) return;
    this.log.add(this.step, histogramsOf('weights', model, memory.parameters, await memory.values.read()));
  }

  /** The run is complete. */
  async end(): Promise<void> {
    const { state, data } = this.stage;
    const { task, val } = data;
    if (this.outputs !== null) {
      const worst = await worstImages(val, this.outputs, data, state.temperature);
      if (worst !== null) this.log.add(this.step, [await imageOf('images/worst_of_validation', worst)]);
    }
    end(this.log, this.step, state.best, task);
  }

  /** Writes everything: what the state that is saved next refers to. Throws AttuneError 'disk'. */
  async save(): Promise<void> {
    this.stage.state.events = await this.log.commit();
  }

  close(): Promise<void> {
    return this.log.close();
  }

  private get step(): number {
    return this.headSteps + this.stage.state.progress.step;
  }
}

export interface LoggedProbe {
  readonly model: Network;
  readonly weights: string;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  readonly device: Device;
  readonly result: ProbeResult;
}

/** The event file of a probe, which is done when it is written. Throws AttuneError 'disk'. */
export async function writeProbeLog(
  folder: string,
  { model, weights, recipe, data, device, result }: LoggedProbe,
): Promise<void> {
  const { task, train, val } = data;
  const { epochs, best, outputs } = result;
  const log = await EventLog.open(folder, null);
  try {
    begin(log, { recipe, weights, device: summarize(device), task, images: countsOf(data) });
    log.add(0, [await imageOf('images/training', await someImages(train, data))]);
    for (const [i, record] of epochs.entries()) log.add(i + 1, epochScalars(record, task));
    const last = epochs.length;
    log.add(last, bestScalars(best, task));
    if (recipe.histograms && model.head instanceof Linear) {
      const [arrays, values] = [model.head.parameters(), [] as TypedArray[]];
      for (const array of arrays) values.push(await array.read());
      log.add(last, histogramsOf('weights', model, arrays, values));
    }
    const worst = await worstImages(val, outputs.val, data, best?.temperature ?? null);
    if (worst !== null) log.add(last, [await imageOf('images/worst_of_validation', worst)]);
    end(log, last, best, task);
    await log.commit();
  } finally {
    await log.close();
  }
}

/** Event files are handed on, and tell files and folders by their names. */
function begin(log: EventLog, description: RunDescription): void {
  const { task } = description;
  const recipe = withNamesOnly(description.recipe);
  const weights = nameOfWeights(description.weights);
  const hyperparameters = hyperparametersOf(recipe, task);
  log.add(0, [
    summaries.text('run', runText({ ...description, recipe, weights })),
    summaries.text('recipe', recipeText(recipe)),
    summaries.hyperparameterNames(hyperparameters, metricTags(task)),
    summaries.sessionStart(hyperparameters, log.wallTime),
  ]);
}

function end(log: EventLog, step: number, best: Best | null, task: Task): void {
  log.add(step, [summaries.text('result', resultText(best, task)), summaries.sessionEnd(log.wallTime)]);
}

/** Each was an iteration. */
function headEpochsOf({ epochs }: { readonly epochs: readonly EpochRecord[] }): EpochRecord[] {
  return epochs.filter(({ stage }) => stage === HEAD_STAGE);
}

function countsOf({ train, val, test }: TrainingData): RunDescription['images'] {
  return { train: train.images.length, val: val.images.length, test: test.images.length };
}

/** The numbers of a record, by their tags. */
function epochScalars(record: EpochRecord, { measures }: Task): Encoded[] {
  const rates = Object.entries(record.lr).map(([group, rate]) => [`learning_rate/${group}`, rate] as const);
  const measured = measures.epoch.flatMap(({ key }) => [
    [`${key}/train`, record[`train_${key}`]] as const,
    [`${key}/val`, record[`val_${key}`]] as const,
  ]);
  return scalars([
    ['epoch', record.epoch],
    ['loss/train', record.train_loss],
    ['loss/val', record.val_loss],
    ...measured,
    ['speed/epoch_seconds', record.seconds],
    ['speed/images_per_second', record.images_per_second],
    ...rates,
  ]);
}

function bestScalars(best: Best | null, { measures }: Task): Encoded[] {
  return scalars(measures.ranking.map(({ key }) => [`${key}/best`, best?.[`val_${key}`]] as const));
}

/** Without those that nothing is known of. */
function scalars(numbers: readonly (readonly [tag: string, value: number | null | undefined])[]): Encoded[] {
  return numbers.flatMap(([tag, value]) =>
    value === null || value === undefined ? [] : [summaries.scalar(tag, value)],
  );
}

/** One of each array whose values are finite, under its name in the state dict. */
function histogramsOf(
  kind: 'weights' | 'gradients',
  model: Network,
  arrays: readonly Parameter[],
  values: readonly TypedArray[],
): Encoded[] {
  const names = new Map(Array.from(model.namedParameters(), ([name, array]) => [array, name]));
  return arrays.flatMap((array, i) => {
    const histogram = histogramOf(values[i]);
    return histogram === null ? [] : [summaries.histogram(`${kind}/${names.get(array)}`, histogram)];
  });
}

async function imageOf(tag: string, picture: RgbImage): Promise<Encoded> {
  return summaries.image(tag, picture.width, picture.height, await encodePng(picture));
}
