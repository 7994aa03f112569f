/**
 * `attune finetune`: from a folder of images and a weights file to a run folder.
 *
 * Order matters: everything that the user gave is checked before a device is opened, and images are decoded
 * before the network runs, so that a mistake is told within seconds.
 */
import { join } from 'node:path';
import { replaceHead } from '../models/index.js';
import type { Device } from '../program/device.js';
import { announce } from './announce.js';
import { refuseIgnored, refuseUnvalidated } from './contradictions.js';
import { writeCheckpoint } from './checkpoint.js';
import { openDevice, summarize } from './device.js';
import { describeModel, EMPTY_EPOCH, type FullStage, runFullStage, setTrainable } from './full-stage.js';
import { computeAccuracy } from './metrics.js';
import { sideOf } from './inference.js';
import { throwIfAborted } from './interruption.js';
import { chooseMicroBatch } from './micro-batch.js';
import { type LoadedModel, loadModel, resized } from './model-source.js';
import type { FinetuneOptions, FinetuneResult, RunContext } from './options.js';
import { type ProbeResult, probe } from './probe.js';
import { DEFAULT_SEED, DEFAULT_VAL_SPLIT, fieldsOf, type Recipe, resolveRecipe } from './recipe.js';
import { loadRecipe } from './recipes.js';
import { describeFull, describeProbe } from './result.js';
import { assertRunFolderCanBeMade, createRunFolder, RUN_FILES, runName } from './run-folder.js';
import type { RunState } from './run-state.js';
import { findImages, type PartName, prepareTrainingData, type TrainingData } from './training-data.js';
import { writeProbeRun, writeRecipe } from './run-files.js';

/**
 * Runs a recipe. Throws AttuneError: 'usage', 'input', 'data', 'weights', 'download', 'disk', 'device',
 * 'numeric', and 'interrupted' when the signal is aborted before the full stage: images and features are kept
 * then. Aborted within it, the state of the run is saved and the result says `interrupted`.
 */
export async function finetune(options: FinetuneOptions, context: RunContext = {}): Promise<FinetuneResult> {
  const flags = fieldsOf(options);
  const fromRecipe = options.recipe === undefined ? {} : await loadRecipe(options.recipe);
  const given = { ...fromRecipe, ...flags } as Partial<Recipe> & { data: string };
  const split = {
    val: given.val ?? null,
    valSplit: given.val_split ?? DEFAULT_VAL_SPLIT,
    seed: given.seed ?? DEFAULT_SEED,
  };
  const found = await findImages(given.data, split);
  await assertRunFolderCanBeMade(options.out);
  const smallestClass = leastOf(found.train, found.classes.length);
  const counted = { images: found.train.length, smallestClass };
  // Contradictions do not depend on the weights, so they are told before any are downloaded.
  const resolved = resolveRecipe(given, { ...counted, model: '', weights: given.weights ?? '', side: 224 });
  refuseIgnored(flags, resolved);
  refuseUnvalidated(resolved, found.val.length);
  const loaded = await loadModel(
    { ...(given.model && { model: given.model }), ...(given.weights && { weights: given.weights }) },
    context,
  );
  const recipe = resolveRecipe(given, {
    ...counted,
    model: loaded.model.architecture,
    weights: loaded.weights,
    side: sideOf(loaded.preprocessing),
  });
  const preprocessing = resized(loaded.preprocessing, recipe.image_size);
  await checkLayers(loaded, recipe);
  const images = { train: found.train.length, val: found.val.length, test: found.test.length };
  announce({ recipe, given, images, classes: found.classes, smallestClass }, context.onEvent);

  const trainsAll = recipe.strategy !== 'probe';
  const randomCrops = trainsAll && recipe.augment === 'standard';
  const data = await prepareTrainingData(
    found,
    { preprocessing, randomCrops, workers: options.workers },
    context,
  );
  try {
    const device = await openDevice({
      ...recipe,
      ...(options.threads !== undefined && { threads: options.threads }),
    });
    try {
      return await run({ loaded: { ...loaded, preprocessing }, recipe, data, device, options, context });
    } finally {
      await device.close();
    }
  } finally {
    await data.close();
  }
}

/** Images of the class that has the fewest. */
function leastOf(images: readonly { readonly label: number }[], classes: number): number {
  const counts = new Array<number>(classes).fill(0);
  for (const { label } of images) counts[label]++;
  return Math.min(...counts);
}

/** A wrong layer name is told before any image is decoded. */
async function checkLayers({ model }: LoadedModel, recipe: Recipe): Promise<void> {
  if (recipe.strategy !== 'probe') await setTrainable(model, recipe, { batch_norm: 'frozen' });
}

interface Run {
  readonly loaded: LoadedModel;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  readonly device: Device;
  readonly options: FinetuneOptions;
  readonly context: RunContext;
}

async function run({ loaded, recipe, data, device, options, context }: Run): Promise<FinetuneResult> {
  const { model } = loaded;
  const { kind, adapter, software } = summarize(device);
  context.onEvent?.({
    type: 'note',
    text: `Computing on ${adapter} (${kind}${software ? ', software' : ''}).`,
  });
  const probed =
    recipe.strategy === 'full' ? null : await runProbe({ loaded, recipe, data, device, options, context });
  throwIfAborted(context.signal);
  const makeFolder = () => createRunFolder(options.out, runName(recipe.model, new Date()));
  if (recipe.strategy === 'probe') {
    const folder = await makeFolder();
    await writeProbeRun(folder, loaded, recipe, data, device, probed as ProbeResult);
    return describeProbe(folder, loaded, recipe, data, device, probed as ProbeResult);
  }

  if (probed === null) replaceHead(model, data.classes.length, recipe.seed);
  const frozen = { device: summarize(device), ...(await chooseMicroBatch(device, model, recipe, context)) };
  throwIfAborted(context.signal);
  const folder = await makeFolder();
  const state: RunState = {
    recipe,
    frozen,
    model: recipe.model,
    weights: loaded.weights,
    classes: data.classes,
    preprocessing: loaded.preprocessing,
    images: imageRecords(data),
    skipped: data.skipped,
    progress: { epoch: 0, batch: 0, step: 0, random: 0, ...EMPTY_EPOCH },
    epochs: probed?.epochs ?? [],
    best: probed === null ? null : bestOfProbe(probed, data),
    complete: false,
  };
  await writeRecipe(folder, recipe, frozen, data.classes);
  if (state.best !== null) {
    const info = { ...describeModel(state), temperature: state.best.temperature };
    await writeCheckpoint(join(folder, RUN_FILES.best), model, info, recipe);
  }
  const stage: FullStage = {
    folder,
    device,
    model,
    data,
    state: { ...state },
    stored: null,
    workers: options.workers,
    ...context,
  };
  return describeFull(stage, await runFullStage(stage), null);
}

/** The probe's head is epoch 0: the full stage has to beat it. Null when there is nothing to validate with. */
function bestOfProbe({ logits, temperature }: ProbeResult, { val, classes }: TrainingData): RunState['best'] {
  if (val.images.length === 0) return null;
  const { accuracy, loss, interval } = computeAccuracy(logits.val, val.dataset.labels, classes.length);
  return { epoch: 0, val_accuracy: accuracy, val_loss: loss, interval, temperature };
}

async function runProbe({ loaded, recipe, data, device, context }: Run): Promise<ProbeResult> {
  return probe(data, {
    device,
    model: loaded.model,
    preprocessing: loaded.preprocessing,
    weightsHash: loaded.weightsHash,
    seed: recipe.seed,
    headEpochs: recipe.head_epochs,
    ...context,
  });
}

function imageRecords(data: TrainingData): RunState['images'] {
  const records = (part: PartName) =>
    data[part].images.map(({ path, name, label, fileHash }) => ({ path, name, label, hash: fileHash }));
  return { train: records('train'), val: records('val'), test: records('test') };
}
