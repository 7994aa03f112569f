/**
 * `attune finetune`: from a folder of images and a weights file to a run folder.
 *
 * Order matters: everything that the user gave is checked before a device is opened, and images are decoded
 * before the network runs, so that a mistake is told within seconds.
 */
import { join } from 'node:path';
import { countParameters } from '../nn/index.js';
import type { Device } from '../program/device.js';
import { type CheckpointInfo, writeCheckpoint } from './checkpoint.js';
import { openDevice, summarize } from './device.js';
import { sideOf } from './inference.js';
import { throwIfAborted } from './l2-strength.js';
import { computeMetrics } from './metrics.js';
import { type LoadedModel, loadModel, resized } from './model-source.js';
import type { FinetuneOptions, FinetuneResult, RunContext } from './options.js';
import { type ProbeResult, probe } from './probe.js';
import { checkOptions, DEFAULTS, type Recipe, resolveRecipe } from './recipe.js';
import { assertRunFolderFree, createRunFolder, duplicate, RUN_FILES, runName, writeJson, writeText } from './run-folder.js';
import { findImages, prepareTrainingData, type TrainingData } from './training-data.js';

/**
 * Runs a recipe. Throws AttuneError: 'usage', 'input', 'data', 'weights', 'download', 'disk', 'device',
 * 'numeric', and 'interrupted' when the signal is aborted; prepared images and features are kept then.
 */
export async function finetune(options: FinetuneOptions, context: RunContext = {}): Promise<FinetuneResult> {
  checkOptions(options);
  const { valSplit = DEFAULTS.valSplit, seed = DEFAULTS.seed } = options;
  const found = await findImages(options.data, { val: options.val, valSplit, seed });
  await assertRunFolderFree(options.out);
  const loaded = await loadModel(
    { ...(options.model && { model: options.model }), ...(options.weights && { weights: options.weights }) },
    context,
  );
  const preprocessing = options.imageSize === undefined ? loaded.preprocessing : resized(loaded.preprocessing, options.imageSize);
  const recipe = resolveRecipe(options, {
    model: loaded.model.architecture,
    weights: loaded.weights,
    side: sideOf(preprocessing),
  });
  announce(recipe, found.train.length, found.val.length, found.test.length, context);

  const data = await prepareTrainingData(found, preprocessing, options.workers, context);
  try {
    const device = await openDevice(options);
    try {
      return await run({ ...loaded, preprocessing }, recipe, data, device, options.out, context);
    } finally {
      await device.close();
    }
  } finally {
    await data.close();
  }
}

/** Says what will be done before it begins. */
function announce(recipe: Recipe, train: number, val: number, test: number, { onEvent }: RunContext): void {
  const parts = [`${train} images to train`, `${val} to validate`, ...(test > 0 ? [`${test} to test`] : [])];
  onEvent?.({ type: 'note', text: `${parts.join(', ')}. ${recipe.model} with weights ${recipe.weights}.` });
  onEvent?.({
    type: 'note',
    text: 'Strategy probe: features of the frozen network once, then a logistic head until it converges.',
  });
}

async function run(
  loaded: LoadedModel,
  recipe: Recipe,
  data: TrainingData,
  device: Device,
  out: string | undefined,
  context: RunContext,
): Promise<FinetuneResult> {
  const { model, preprocessing, weightsHash } = loaded;
  const { kind, adapter, software } = summarize(device);
  context.onEvent?.({ type: 'note', text: `Computing on ${adapter} (${kind}${software ? ', software' : ''}).` });
  const result = await probe(data, {
    device,
    model,
    preprocessing,
    weightsHash,
    seed: recipe.seed,
    headEpochs: recipe.head_epochs,
    ...context,
  });
  throwIfAborted(context.signal);

  const folder = await createRunFolder(out, runName(recipe.model, new Date()));
  const info = { model: recipe.model, classes: data.classes, preprocessing };
  // No time in it: the same run gives the same bytes.
  const stored = { ...recipe, l2: result.l2, computed_on: summarize(device) };
  await writeRun(folder, loaded, info, stored, result);
  return describe(folder, loaded, recipe, data, device, result);
}

async function writeRun(
  folder: string,
  { model }: LoadedModel,
  info: CheckpointInfo,
  recipe: unknown,
  { epochs }: ProbeResult,
): Promise<void> {
  await writeJson(folder, RUN_FILES.recipe, recipe);
  await writeJson(folder, RUN_FILES.classes, info.classes);
  await writeText(folder, RUN_FILES.metrics, epochs.map((epoch) => `${JSON.stringify(epoch)}\n`).join(''));
  // A head that has converged is both the best and the last, and there is nothing to resume.
  await writeCheckpoint(join(folder, RUN_FILES.best), model, info, recipe);
  await duplicate(folder, RUN_FILES.best, RUN_FILES.last);
  await duplicate(folder, RUN_FILES.best, RUN_FILES.state);
}

function describe(
  folder: string,
  { model, weights }: LoadedModel,
  recipe: Recipe,
  data: TrainingData,
  device: Device,
  { epochs, l2, logits }: ProbeResult,
): FinetuneResult {
  const metricsOf = (part: 'val' | 'test') => computeMetrics(logits[part], data[part].dataset.labels, data.classes);
  const val = metricsOf('val');
  const { total } = countParameters(model);
  const trainable = model.head.weight.length + (model.head.bias?.length ?? 0);
  return {
    run: folder,
    device: summarize(device),
    model: recipe.model,
    weights,
    classes: data.classes,
    images: {
      train: data.train.images.length,
      val: data.val.images.length,
      test: data.test.images.length,
      skipped: data.skipped,
    },
    resolved_defaults: { ...recipe, l2 },
    parameters: { total, trainable },
    epochs,
    best: { epoch: epochs.length, val_accuracy: val.accuracy, interval: val.interval },
    test: data.test.images.length > 0 ? metricsOf('test') : null,
    checkpoints: { best: join(folder, RUN_FILES.best), last: join(folder, RUN_FILES.last) },
    resumed_from: null,
    interrupted: false,
  };
}
