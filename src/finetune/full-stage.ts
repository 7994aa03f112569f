/**
 * The full stage: the trunk is trained from `train_from` on, epoch by epoch, and validated after each.
 *
 * After every epoch the exports are written, then the state of the run, in this order: a kill between the two
 * repeats the epoch and writes the same bytes again.
 */
import { join } from 'node:path';
import { type ImagePool, openImagePool } from '../data/index.js';
import { AttuneError } from '../errors.js';
import { type ImageClassifier, startLayer } from '../models/index.js';
import { BatchNorm2d, freeze, unfreeze } from '../nn/index.js';
import { type Optimizer, WeightAverage } from '../optim/index.js';
import type { Device } from '../program/device.js';
import { fitTemperature } from './calibration.js';
import { writeCheckpoint } from './checkpoint.js';
import { forwardBatch, largestActivation } from './device.js';
import { forEachImage, sideOf } from './inference.js';
import { throwUnlessInterrupted } from './interruption.js';
import { type Accuracy, computeAccuracy } from './metrics.js';
import type { EpochRecord, RunContext } from './options.js';
import { makeOptimizer } from './parameter-groups.js';
import type { Recipe } from './recipe-schema.js';
import { writeMetrics } from './run-files.js';
import { RUN_FILES } from './run-folder.js';
import type { FrozenChoices, RunState } from './run-state.js';
import { restoreOptimizer, type StoredRun, writeRunState } from './run-state.js';
import { imagesPerSecond, type StepReport, Trainer } from './trainer.js';
import type { ImagePart, TrainingData } from './training-data.js';

/** What changes of a run's state while it trains. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface FullStage extends RunContext {
  readonly folder: string;
  readonly device: Device;
  /** On the host or the device, with its head for the data's classes. */
  readonly model: ImageClassifier;
  readonly data: TrainingData;
  readonly state: Mutable<RunState>;
  /** Where moments and counters come from when the run is resumed. */
  readonly stored: StoredRun | null;
  readonly workers: number | undefined;
}

/** Steps after which the total time is estimated. */
const ESTIMATE_AFTER = 3;
/** Above this total the faster choice is named, in seconds. */
const LONG = 1800;

/**
 * Trains until the recipe's epochs are done or the signal is aborted; true when they are done. The state of the
 * run is on the disk either way.
 */
export async function runFullStage(stage: FullStage): Promise<boolean> {
  const { device, model, state, stored, workers, signal } = stage;
  await setTrainable(model, state.recipe, state.frozen);
  await model.to(device);
  const optimizer = makeOptimizer(model, state.recipe);
  if (stored !== null) await restoreOptimizer(stored, model, optimizer);
  const pool = openImagePool({ workers });
  try {
    const trainer = makeTrainer(stage, optimizer, pool);
    if (stored === null) await save(stage, optimizer);
    while (state.progress.epoch < state.recipe.epochs) {
      if (await trainer.trainEpoch()) {
        const finish = () => finishEpoch(stage, trainer.rates);
        await withAverage(stage, optimizer, finish).catch(throwUnlessInterrupted);
      }
      state.complete = state.progress.epoch >= state.recipe.epochs || stopsEarly(state);
      const stops = state.complete || signal?.aborted === true;
      if (stops) await withAverage(stage, optimizer, () => writeExports(stage));
      await save(stage, optimizer);
      if (stops) break;
    }
    return state.complete;
  } finally {
    await pool.close();
    optimizer.close();
  }
}

/** Whether the last epochs have brought none better than the best, as many as the recipe bears. */
export function stopsEarly({ recipe: { patience }, progress, best }: RunState): boolean {
  return patience !== null && best !== null && progress.epoch - best.epoch >= patience;
}

/** Does `work` with the average of the weights in their place, where the recipe has one. */
async function withAverage(
  { device }: FullStage,
  { parts, steps }: Optimizer,
  work: () => Promise<void>,
): Promise<void> {
  const average = parts.find((part) => part instanceof WeightAverage);
  if (average === undefined || steps === 0) return work();
  await device.run(() => average.swap());
  try {
    await work();
  } finally {
    await device.run(() => average.swap());
  }
}

/**
 * The weights as they are; they are the best ones, too, as long as nothing was validated. Inside an epoch they are not
 * those whose temperature is known.
 */
async function writeExports({ folder, model, state, onEvent }: FullStage): Promise<void> {
  if (!state.complete) onEvent?.({ type: 'note', text: `Saving the run after ${positionText(state)}.` });
  const temperature = state.progress.batch === 0 ? state.temperature : null;
  const info = { ...describeModel(state), temperature };
  const names = state.best === null ? [RUN_FILES.last, RUN_FILES.best] : [RUN_FILES.last];
  for (const name of names) await writeCheckpoint(join(folder, name), model, info, state.recipe);
}

/** `3 of 30 epochs and 1 batch` */
export function positionText({
  progress: { epoch, batch },
  recipe,
}: Pick<RunState, 'progress' | 'recipe'>): string {
  const rest = batch === 0 ? '' : ` and ${batch} ${batch === 1 ? 'batch' : 'batches'}`;
  return `${epoch} of ${recipe.epochs} epochs${rest}`;
}

/** Metadata of exports. */
export function describeModel({ model, classes, preprocessing }: RunState) {
  return { model, classes, preprocessing };
}

/** Freezes what lies below `train_from`; batch norms below it always keep their statistics. */
export async function setTrainable(
  model: ImageClassifier,
  recipe: Recipe,
  frozen: Pick<FrozenChoices, 'batch_norm'>,
): Promise<void> {
  await unfreeze(model);
  if (recipe.train_from !== null) await freeze(model, startLayer(model, recipe.train_from));
  for (const module of model.modules()) {
    if (module instanceof BatchNorm2d) module.mode = module.weight.trainable ? frozen.batch_norm : 'frozen';
  }
}

function makeTrainer(stage: FullStage, optimizer: Optimizer, pool: ImagePool): Trainer {
  const { device, model, state, data, onEvent, signal } = stage;
  const started = performance.now();
  let steps = 0;
  const onStep = (report: StepReport) => {
    steps++;
    const elapsed = (performance.now() - started) / 1000;
    const done = (report.epoch - 1) * report.batches + report.batch;
    const left = (elapsed / steps) * (state.recipe.epochs * report.batches - done);
    if (steps === ESTIMATE_AFTER) announceTime(elapsed + left, stage);
    onEvent?.({
      type: 'progress',
      task: `epoch ${report.epoch}/${state.recipe.epochs}`,
      done: report.batch,
      total: report.batches,
      secondsLeft: steps < ESTIMATE_AFTER ? null : left,
      detail: detailOf(report),
    });
  };
  return new Trainer({
    device,
    model,
    optimizer,
    recipe: state.recipe,
    frozen: state.frozen,
    preprocessing: state.preprocessing,
    dataset: data.training,
    pool,
    progress: state.progress,
    valLosses: () =>
      state.epochs.filter(({ stage: name }) => name === 'full').map(({ val_loss }) => val_loss ?? Infinity),
    onStep,
    ...(signal && { signal }),
  });
}

function detailOf({ loss, accuracy, imagesPerSecond: speed }: StepReport): string {
  const parts = [
    loss === null ? '' : `loss ${loss.toFixed(4)}`,
    accuracy === null ? '' : `accuracy ${(100 * accuracy).toFixed(1)} %`,
    speed === null ? '' : `${speed.toFixed(1)} images/s`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function announceTime(seconds: number, { onEvent, state }: FullStage): void {
  const minutes = Math.round(seconds / 60);
  const advice =
    seconds > LONG && state.recipe.strategy !== 'probe'
      ? ' A probe (--strategy probe) takes minutes and is often close.'
      : '';
  const time =
    minutes < 1 ? 'Less than a minute' : `About ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  onEvent?.({ type: 'note', text: `${time} in all.${advice}` });
}

/**
 * Validates, records the epoch, keeps the best, and begins the next. Interrupted, it throws and changes nothing: all
 * batches of the epoch are done, and a resumed run begins with the validation.
 */
async function finishEpoch(stage: FullStage, lr: Readonly<Record<string, number>>): Promise<void> {
  const { state, data, model, folder, onEvent } = stage;
  const { progress } = state;
  const { labels } = data.val.dataset;
  const logits = await logitsOf(stage, data.val).catch((error: unknown) => {
    throw diverged(error, progress.epoch + 1);
  });
  const val = computeAccuracy(logits, labels, data.classes.length);
  const record: EpochRecord = {
    epoch: progress.epoch + 1,
    stage: 'full',
    lr,
    train_loss: progress.loss / progress.images,
    train_accuracy: progress.correct / progress.images,
    val_loss: val.loss,
    val_accuracy: val.accuracy,
    seconds: progress.seconds,
    images_per_second: imagesPerSecond(progress),
  };
  state.epochs = [...state.epochs, record];
  onEvent?.({ type: 'epoch', record });
  const temperature = fitTemperature({ scores: logits, labels, classes: data.classes.length });
  state.temperature = temperature;
  if (val.accuracy !== null && isBetter(val, state)) {
    const info = { ...describeModel(state), temperature };
    await writeCheckpoint(join(folder, RUN_FILES.best), model, info, state.recipe);
    state.best = {
      epoch: record.epoch,
      val_accuracy: val.accuracy,
      val_loss: val.loss,
      interval: val.interval,
      temperature,
    };
  }
  Object.assign(progress, { epoch: record.epoch, batch: 0, ...EMPTY_EPOCH });
}

/** Weights that give no numbers any more are the fault of the training, not of the images. */
function diverged(error: unknown, epoch: number): unknown {
  if (!(error instanceof AttuneError) || error.code !== 'numeric') return error;
  return new AttuneError(
    {
      code: 'numeric',
      what: `after epoch ${epoch} the network gives values that are not finite`,
      where: 'validating',
      hint: 'lower the learning rates; the state before this epoch is saved',
    },
    { cause: error },
  );
}

/** The sums of an epoch that has not begun. */
export const EMPTY_EPOCH = {
  loss: 0,
  correct: 0,
  images: 0,
  seconds: 0,
  timed_images: 0,
  timed_seconds: 0,
} as const;

/** Better: more accurate, or as accurate with less loss. */
function isBetter(val: Accuracy, { best }: RunState): boolean {
  if (best === null || best.val_accuracy === null) return true;
  const [now, before] = [val.accuracy ?? 0, best.val_accuracy];
  return now > before || (now === before && (val.loss ?? Infinity) < (best.val_loss ?? Infinity));
}

/** Logits [images, classes] of a part with the model as it is; none when the part is empty. Throws 'interrupted' on the signal. */
export async function logitsOf(
  stage: Pick<FullStage, 'device' | 'model' | 'state' | 'signal'>,
  part: ImagePart,
): Promise<Float32Array> {
  const { device, model, state, signal } = stage;
  const { labels } = part.dataset;
  if (labels.length === 0) return new Float32Array(0);
  const { preprocessing, frozen, classes } = state;
  const logits = new Float32Array(labels.length * classes.length);
  const batch = Math.min(frozen.micro_batch, forwardBatch(device, largestActivation(sideOf(preprocessing))));
  await forEachImage(
    { count: labels.length, read: (index) => part.dataset.read(index) },
    (x) => model.forward(x),
    (index, row) => logits.set(row, index * classes.length),
    { device, preprocessing, batch, task: 'validating', ...(signal && { signal }) },
  );
  return logits;
}

/** Metrics first: they are cut back to the state when the run is resumed. */
async function save({ folder, state, model }: FullStage, optimizer: Optimizer): Promise<void> {
  await writeMetrics(folder, state.epochs);
  await writeRunState(folder, state, model, optimizer);
}
