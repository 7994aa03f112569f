/** What follows when all batches of an epoch are done: validation, its record, and the best weights so far. */
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { fitTemperature } from './calibration.js';
import { writeCheckpoint } from './checkpoint.js';
import { forwardBatch, largestActivation } from './device.js';
import type { FullStage } from './full-stage.js';
import { forEachImage, sideOf } from './inference.js';
import { type Accuracy, computeAccuracy } from './metrics.js';
import type { EpochRecord } from './options.js';
import { RUN_FILES } from './run-folder.js';
import type { RunState } from './run-state.js';
import { imagesPerSecond } from './trainer.js';
import type { ImagePart } from './training-data.js';

/** Metadata of exports. */
export function describeModel({ model, classes, preprocessing }: RunState) {
  return { model, classes, preprocessing };
}

/**
 * Validates, records the epoch, keeps the best, and begins the next. Interrupted, it throws and changes nothing: all
 * batches of the epoch are done, and a resumed run begins with the validation.
 */
export async function finishEpoch(
  stage: FullStage,
  name: string,
  lr: Readonly<Record<string, number>>,
): Promise<void> {
  const { state, data, model, folder, onEvent } = stage;
  const { progress } = state;
  const { labels } = data.val.dataset;
  const logits = await logitsOf(stage, data.val).catch((error: unknown) => {
    throw diverged(error, progress.epoch + 1);
  });
  const val = computeAccuracy(logits, labels, data.classes.length);
  const record: EpochRecord = {
    epoch: progress.epoch + 1,
    stage: name,
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
