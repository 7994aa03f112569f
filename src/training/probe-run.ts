/** The run folder of a probe. */
import { join } from 'node:path';
import type { Device } from '../program/device.js';
import { summarize } from '../runs/device.js';
import type { LoadedModel } from '../runs/model-source.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { writeCheckpoint } from '../runs/checkpoint.js';
import { writeMetrics, writeRecipe } from '../runs/run-files.js';
import { duplicate, RUN_FILES, writeJson } from '../runs/run-folder.js';
import type { TrainingData } from '../runs/data/training-data.js';
import { writeProbeLog } from './tensorboard/run-log.js';
import type { ProbeResult } from './heads/probe.js';

/** Writes the folder of a probe. A head that has converged is both the best and the last. */
export async function writeProbeRun(
  folder: string,
  { model, weights, input }: LoadedModel,
  recipe: Recipe,
  data: TrainingData,
  device: Device,
  result: ProbeResult,
): Promise<void> {
  const { epochs, l2, best } = result;
  await writeRecipe(folder, recipe, { device: summarize(device), l2 }, data.task);
  await writeMetrics(folder, epochs);
  if (data.skipped.length > 0) await writeJson(folder, RUN_FILES.leftOut, data.skipped);
  if (recipe.tensorboard) await writeProbeLog(folder, { model, weights, recipe, data, device, result });
  const temperature = best?.temperature ?? null;
  const info = { model: recipe.model, task: data.task.info, input, temperature };
  await writeCheckpoint(join(folder, RUN_FILES.best), model, info, recipe);
  await duplicate(folder, RUN_FILES.best, RUN_FILES.last);
  await duplicate(folder, RUN_FILES.best, RUN_FILES.state);
}
