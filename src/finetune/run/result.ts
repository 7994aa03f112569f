/** The JSON documents of finished runs. */
import { join } from 'node:path';
import { AttuneError } from '../../errors.js';
import { commandLine } from '../../runs/command-line.js';
import { loadWeights } from '../../models/index.js';
import { countParameters } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import { summarize } from '../../runs/device.js';
import { outputsOf } from '../../training/epoch-end.js';
import type { FullStage } from '../../training/step/stage-context.js';
import { throwUnlessInterrupted } from '../../interruption.js';
import type { LoadedModel } from '../../runs/model-source.js';
import type { FinetuneResult, RunDocument, TaskKind, TestMetrics } from '../../recipe/results.js';
import type { ProbeResult } from '../../training/heads/probe.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import type { TrainingData } from '../../runs/data/training-data.js';

/** What a run has come to, without what its devices have. */
export type RunOutcome = Omit<RunDocument, 'device_losses'>;

function imageCounts(data: TrainingData): RunDocument['images'] {
  return {
    train: data.train.images.length,
    val: data.val.images.length,
    test: data.test.images.length,
    skipped: data.skipped,
  };
}

function checkpointsOf(folder: string): RunDocument['checkpoints'] {
  return { best: join(folder, RUN_FILES.best), last: join(folder, RUN_FILES.last) };
}

/** The document of a probe. */
export function describeProbe(
  folder: string,
  { model, weights, input }: LoadedModel,
  recipe: Recipe,
  data: TrainingData,
  device: Device,
  { epochs, l2, outputs, best }: ProbeResult,
): RunOutcome {
  const { task } = data;
  const trainable = model.head.parameters().reduce((sum, { length }) => sum + length, 0);
  return {
    run: folder,
    device: summarize(device),
    model: recipe.model,
    weights,
    input: input.kind,
    task: task.info.kind,
    ...task.document,
    images: imageCounts(data),
    resolved_defaults: { ...recipe, l2 },
    parameters: { total: countParameters(model).total, trainable },
    epochs,
    best: task.bestRecord(best, epochs.length),
    test: data.test.images.length > 0 ? task.metrics(outputs.test, data.test.images, best) : null,
    ...(recipe.fold !== null && { validation: task.metrics(outputs.val, data.val.images, best) }),
    checkpoints: checkpointsOf(folder),
    resumed_from: null,
    interrupted: false,
    stopped_early: false,
    beginning: null,
    explosions: [],
  } as Omit<FinetuneResult<TaskKind>, 'device_losses'>;
}

/** The document of a run with a full stage; finished, its best checkpoint is tested once. */
export async function describeFull(
  stage: FullStage,
  finished: boolean,
  resumedFrom: string | null,
): Promise<RunOutcome> {
  const { folder, model, data, state, profile } = stage;
  const parameters = countParameters(model);
  return {
    run: folder,
    device: state.frozen.device,
    model: state.model,
    weights: state.weights,
    input: state.input.kind,
    task: data.task.info.kind,
    ...data.task.document,
    images: imageCounts(data),
    resolved_defaults: {
      ...state.recipe,
      micro_batch: state.frozen.micro_batch,
      batch_norm: state.frozen.batch_norm,
    },
    parameters,
    epochs: state.epochs,
    best: data.task.bestRecord(state.best, state.progress.epoch),
    test: finished ? await metricsOfBest(stage, 'test') : null,
    ...(state.recipe.fold !== null && { validation: finished ? await metricsOfBest(stage, 'val') : null }),
    checkpoints: checkpointsOf(folder),
    resumed_from: resumedFrom,
    interrupted: !finished,
    stopped_early: finished && state.progress.epoch < state.recipe.epochs,
    beginning: state.beginning,
    explosions: state.explosions,
    ...(profile && { profile: profile.summary }),
  } as Omit<FinetuneResult<TaskKind>, 'device_losses'>;
}

async function metricsOfBest(stage: FullStage, part: 'val' | 'test'): Promise<TestMetrics[TaskKind] | null> {
  const { data, model, folder, state } = stage;
  if (data[part].images.length === 0) return null;
  await loadWeights(model, join(folder, RUN_FILES.best));
  const outputs = await outputsOf(stage, data[part]).catch((error: unknown) => {
    throwUnlessInterrupted(error);
    throw new AttuneError(
      {
        code: 'interrupted',
        what: `the run is complete and saved, only its ${part === 'test' ? 'test' : 'validation'} part was not evaluated to the end`,
        where: folder,
        hint: `${commandLine(['evaluate', folder])} does that`,
      },
      { cause: error },
    );
  });
  return data.task.ofExports.metrics(outputs, data[part].images, state.best);
}
