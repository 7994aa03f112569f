/** What follows when all batches of an epoch are done: validation, its record, and the best weights so far. */
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { writeCheckpoint } from '../runs/checkpoint.js';
import { evaluationBatch } from '../runs/device.js';
import type { FullStage } from './step/stage-context.js';
import { forEachImage } from './inference/inference.js';
import type { EpochRecord } from '../recipe/results.js';
import { RUN_FILES } from '../runs/run-folder.js';
import type { RunState } from '../runs/run-state.js';
import type { RunLog } from './tensorboard/run-log.js';
import { imagesPerSecond } from './epoch-clock.js';
import type { SamplePart } from '../runs/data/training-data.js';
import { isBetter, trainRecord, valRecord } from '../tasks/index.js';

/** Metadata of exports. */
export function describeModel({ model, task, input }: RunState) {
  return { model, task, input };
}

/**
 * Validates, records the epoch, keeps the best, and begins the next. Interrupted, it throws and changes nothing: all
 * batches of the epoch are done, and a resumed run begins with the validation.
 */
export async function finishEpoch(
  stage: FullStage,
  name: string,
  lr: Readonly<Record<string, number>>,
  log: RunLog | null,
): Promise<void> {
  const { state, data, model, folder, onEvent } = stage;
  const { progress } = state;
  const { task, val } = data;
  const outputs = await outputsOf(stage, val).catch((error: unknown) => {
    throw diverged(error, progress.epoch + 1);
  });
  const score = task.score(outputs, val.images);
  const record: EpochRecord = {
    epoch: progress.epoch + 1,
    stage: name,
    lr,
    train_loss: progress.loss / progress.images,
    ...trainRecord(task.measures, task.trainValues(progress)),
    val_loss: score.loss,
    ...valRecord(task.measures, score),
    seconds: progress.seconds,
    images_per_second: imagesPerSecond(progress),
  };
  state.epochs = [...state.epochs, record];
  onEvent?.({ type: 'epoch', record });
  const validated = task.best(record.epoch, score, outputs, val.images);
  state.temperature = validated?.temperature ?? null;
  if (isBetter(task.measures.ranking, score, state.best)) {
    const info = { ...describeModel(state), temperature: state.temperature };
    await writeCheckpoint(join(folder, RUN_FILES.best), model, info, state.recipe);
    state.best = validated;
  }
  await log?.epoch(record, outputs);
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
      hint: 'lower the learning rates',
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

/** Outputs [images, names of the task] of a part with the model as it is; none when the part is empty. Throws 'interrupted' on the signal. */
export async function outputsOf(
  stage: Pick<FullStage, 'device' | 'model' | 'data' | 'state' | 'signal'>,
  part: SamplePart,
): Promise<Float32Array> {
  const { device, model, data, state, signal } = stage;
  const { count } = part.source;
  if (count === 0) return new Float32Array(0);
  const { input } = data;
  const outputs = new Float32Array(count * model.classes);
  const batch = evaluationBatch(device, state.frozen.micro_batch);
  await forEachImage(
    part.source,
    (x) => model.forward(x),
    (index, row) => outputs.set(row, index * model.classes),
    { device, input, batch, activity: 'validating', ...(signal && { signal }) },
  );
  return outputs;
}
