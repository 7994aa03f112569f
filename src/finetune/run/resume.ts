/** `attune finetune --resume`: a run goes on from its state, alone, as if it had never stopped. */
import { resolve } from 'node:path';
import { AttuneError } from '../../errors.js';
import { networkOptions } from '../../inputs/index.js';
import { counted } from '../../text.js';
import type { TensorFile } from '../../formats/index.js';
import { findModel, type HeadShape, type Network, optionsOfArrays, putHead } from '../../models/index.js';
import { type DeviceWish, summarize } from '../../runs/device.js';
import { earlyEndOf, positionText, runFullStage } from '../../training/full-stage.js';
import type { FullStage } from '../../training/step/stage-context.js';
import type { ResumeOptions, RunContext } from '../../recipe/options.js';
import type { DeviceSummary, FinetuneResult, TaskKind } from '../../recipe/results.js';
import { RESUME_NAMES, refuseUnknown } from '../../recipe/option-names.js';
import { writeMetrics, writeRecipe } from '../../runs/run-files.js';
import { assertOwnFiles, RUN_FILES } from '../../runs/run-folder.js';
import { storedConstants } from '../../runs/network-constants.js';
import { withRunLock } from '../../runs/run-lock.js';
import { restoreModel } from '../../runs/training-tensors.js';
import { damagedState, type FrozenChoices, type RunState } from '../../runs/run-state.js';
import { assertRun, type FoundState, hasState, openSavedState } from '../../runs/saved-states.js';
import { fieldsOf } from '../../recipe/parse-recipe.js';
import { loadRecipe } from '../../recipe/recipes.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { assertSameImages } from '../../runs/same-images.js';
import { outliveDevices, type RunDevices } from './lost-device.js';
import { describeFull, type RunOutcome } from './result.js';
import { taskOf } from '../../tasks/index.js';
import { prepareTrainingData } from '../../runs/data/training-data.js';
import type { FoundImages } from '../../runs/data/found-images.js';

/**
 * Goes on with a run. Throws AttuneError 'input' when there is nothing to resume or another process works on it, 'data'
 * when its images have changed, 'device' when this machine has another device than the run was begun on and none was
 * named, or when the device was lost several times in a row.
 *
 * A run that has nothing left to do is refused, or, with `complete` 'evaluate', evaluated again as at its end: for whoever
 * makes something of the result that a kill has prevented.
 */
export async function resume<T extends TaskKind = 'classification'>(
  given: ResumeOptions,
  context: RunContext = {},
  complete: 'refuse' | 'evaluate' = 'refuse',
): Promise<FinetuneResult<T>> {
  refuseUnknown(given, RESUME_NAMES, context, 'resume');
  const { resume: resumedFrom, ...options } = given;
  const from = { ...options, folder: resolve(resumedFrom), resumedFrom, complete };
  return (await outliveDevices(context, (devices) => goOn(from, context, devices))) as FinetuneResult<T>;
}

/** Whether a folder holds a probe, which is complete when it has a state. Throws AttuneError as `assertOwnFiles` does. */
export async function isFinishedProbe(folder: string): Promise<boolean> {
  if (!hasState(folder)) return false;
  await assertOwnFiles(folder);
  // A run with a stage goes on from its state, whatever became of its recipe.
  const recipe = await loadRecipe(resolve(folder, RUN_FILES.recipe)).catch(() => null);
  return recipe?.strategy === 'probe';
}

/** A run that goes on. */
export interface SavedRun extends Omit<ResumeOptions, 'resume'> {
  readonly folder: string;
  readonly workers?: number | undefined;
  /** As the user named it; absent where the run only lost its device. */
  readonly resumedFrom?: string;
  readonly complete?: 'refuse' | 'evaluate';
}

/** Goes on from what is saved in a run folder. */
export async function goOn(run: SavedRun, context: RunContext, devices: RunDevices): Promise<RunOutcome> {
  const { folder } = run;
  await assertRun(folder);
  await assertOwnFiles(folder);
  // Only now nobody else writes another state.
  return withRunLock(folder, async () => {
    const found = await openSavedState(folder, context.signal);
    try {
      return await goOnFrom(found, run, context, devices);
    } finally {
      await found.stored.file.close();
    }
  });
}

async function goOnFrom(
  found: FoundState,
  run: SavedRun,
  context: RunContext,
  devices: RunDevices,
): Promise<RunOutcome> {
  const { folder, workers, resumedFrom } = run;
  const { stored, saved, damage } = found;
  const recipe = recipeOf(stored.state, run);
  const explosion = devices.takeExplosion();
  const explosions = [...stored.state.explosions, ...(explosion === null ? [] : [explosion])];
  const state: RunState = {
    ...stored.state,
    recipe,
    explosions,
    complete: isComplete(stored.state, recipe),
  };
  const { epoch } = state.progress;
  // Lost while the best checkpoint was tested, the device has only that left to do.
  if (state.complete && devices.losses === 0 && run.complete !== 'evaluate') {
    const early = earlyEndOf(state);
    throw new AttuneError({
      code: 'input',
      what: early
        ? `nothing is left to do: ${early.what}`
        : `nothing is left to do: ${counted(epoch, 'epoch')} ${epoch === 1 ? 'is' : 'are'} done, and ${recipe.epochs} ${recipe.epochs === 1 ? 'was' : 'were'} asked for`,
      where: resumedFrom,
      hint: early?.hint ?? 'ask for more with --epochs, or start a new run',
    });
  }
  if (damage !== null) context.onEvent?.({ type: 'note', text: `Note: ${damage}` });
  const text = state.complete
    ? 'The run is complete: only what follows its end is done again.'
    : `Going on after ${positionText(state)}.`;
  context.onEvent?.({ type: 'note', text });
  await assertSameImages(state.images, recipe.data, context);

  const images: FoundImages = {
    root: recipe.data,
    inputKind: state.input.kind,
    task: taskOf(state.task),
    skipped: state.skipped,
    isSplit: false,
    learnt: { label: recipe.label, target: recipe.target },
    note: null,
    ...state.images,
  };
  const variation = { augment: recipe.augment, cropScale: recipe.crop_scale };
  const data = await prepareTrainingData(images, { input: state.input, variation, workers }, context);
  try {
    const model = modelOf(state, stored.file, data.task.head);
    await restoreModel(stored.file, model, damagedState);
    const device = await devices.open(deviceFor(state, run), context);
    try {
      const frozen = frozenOn(summarize(device), state.frozen, run, context);
      if (found.isPrevious) await saved.goBack();
      await cutBack(folder, { ...state, frozen });
      const stage: FullStage = {
        folder,
        device,
        model,
        data,
        state: { ...state, frozen, progress: { ...state.progress } },
        stored,
        saved,
        ...context,
      };
      devices.follow(folder, stage.state);
      if (state.complete) await model.to(device);
      const isComplete = state.complete || (await runFullStage(stage));
      return await describeFull(stage, isComplete, resumedFrom ?? null);
    } finally {
      await device.close();
    }
  } finally {
    await data.close();
  }
}

/** What names of the network's arrays begin with in a state. */
const MODEL = 'model.';

/**
 * The network of a state, before its values. Its head is made when the file is known to hold one of so many outputs: a state
 * that only names more asks for no memory.
 */
function modelOf(
  { model: name, input }: RunState,
  { tensors, metadata }: TensorFile,
  head: HeadShape,
): Network {
  const { create } = findModel(name);
  const usual = create({ classes: 1, ...networkOptions(input) });
  const shapes = tensors.flatMap(({ name, shape }) =>
    name.startsWith(MODEL) ? [[name.slice(MODEL.length), shape] as const] : [],
  );
  const model = create({
    classes: 1,
    ...optionsOfArrays(usual, new Map(shapes)),
    ...storedConstants(metadata, RUN_FILES.state),
    ...networkOptions(input),
  });
  const weight = tensors.find((tensor) => tensor.name === `${MODEL}${model.headName}.weight`);
  if (weight === undefined || String(weight.shape) !== String([model.head.inputs, head.outputs]))
    throw damagedState(`there is no head of ${head.outputs} outputs`);
  putHead(model, head);
  return model;
}

/** What the run was begun with, and what was named since. */
function recipeOf({ recipe }: RunState, { epochs, checkpointMinutes, onExplosion }: SavedRun): Recipe {
  const named = {
    ...(epochs !== undefined && { epochs }),
    ...(checkpointMinutes !== undefined && { checkpointMinutes }),
    ...(onExplosion !== undefined && { onExplosion }),
  };
  return { ...recipe, ...fieldsOf(named) };
}

function isComplete(state: RunState, recipe: Recipe): boolean {
  return state.progress.epoch >= recipe.epochs || earlyEndOf(state) !== null;
}

/** Makes the other files of the run agree with its state, which alone counts. */
async function cutBack(folder: string, state: RunState): Promise<void> {
  await writeMetrics(folder, state.epochs);
  const { frozen, beginning } = state;
  await writeRecipe(folder, state.recipe, { ...frozen, beginning }, taskOf(state.task));
}

/**
 * The device that was named, else the one that the run was begun on: the CPU is always there. What was tuned since then
 * does not count.
 */
function deviceFor({ recipe, frozen }: RunState, { device: named, threads }: SavedRun): DeviceWish {
  const device = named ?? (frozen.device.kind === 'cpu' ? 'cpu' : recipe.device);
  const adapter = device === 'cpu' ? null : recipe.adapter;
  const { precision, memory } = recipe;
  const { variants } = frozen;
  return { device, adapter, precision, memory, variants, ...(threads !== undefined && { threads }) };
}

/** The frozen choices on this machine's device. */
function frozenOn(
  device: DeviceSummary,
  frozen: FrozenChoices,
  { device: named }: SavedRun,
  { onEvent }: RunContext,
): FrozenChoices {
  const same = device.kind === frozen.device.kind && device.adapter === frozen.device.adapter;
  if (same) return frozen;
  const change = `the run was computed on ${frozen.device.adapter} (${frozen.device.kind}), this is ${device.adapter} (${device.kind})`;
  if (named === undefined) {
    throw new AttuneError({
      code: 'device',
      what: change,
      where: '--resume',
      hint: `name the device to go on with, as in --device ${device.kind}; results will differ in the last digits`,
    });
  }
  onEvent?.({ type: 'note', text: `Note: ${change}; results will differ in the last digits.` });
  return { ...frozen, device };
}
