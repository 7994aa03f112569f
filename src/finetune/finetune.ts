/** `attune finetune`: from a folder of images and a weights file to a run folder. */
import { join } from 'node:path';
import { writeCheckpoint } from '../runs/checkpoint.js';
import { summarize } from '../runs/device.js';
import { beginFull } from '../training/begin-full.js';
import { describeModel, EMPTY_EPOCH } from '../training/epoch-end.js';
import { runFullStage } from '../training/full-stage.js';
import type { FullStage } from '../training/step/stage-context.js';
import { throwIfAborted } from '../interruption.js';
import { refuseIdleProfile } from '../recipe/contradictions.js';
import { Profile, PROFILE_STEPS } from '../training/profile/profile.js';
import { FINETUNE_NAMES, refuseUnknown } from '../recipe/option-names.js';
import type { FinetuneOptions, RunContext } from '../recipe/options.js';
import type { FinetuneResult, TaskKind } from '../recipe/results.js';
import { goOn } from './run/resume.js';
import { withRun } from './run/prepare-run.js';
import type { Run } from '../runs/run.js';
import { type ProbeResult, runProbe } from '../training/heads/probe.js';
import { outliveDevices, type RunDevices } from './run/lost-device.js';
import { describeFull, describeProbe, type RunOutcome } from './run/result.js';
import { assertRunFolderCanBeMade, createRunFolder, RUN_FILES, runName } from '../runs/run-folder.js';
import { withRunLock } from '../runs/run-lock.js';
import type { RunState } from '../runs/run-state.js';
import { SavedStates } from '../runs/saved-states.js';
import { refuseUnreadable, refuseUnstorable } from '../runs/state-size.js';
import type { TrainingData } from '../runs/data/training-data.js';
import type { PartName } from '../runs/data/found-images.js';
import { writeProbeRun } from '../training/probe-run.js';
import { writeRecipe } from '../runs/run-files.js';

/**
 * Runs a recipe. A device that is lost is opened again, and the run goes on from what it has saved (lost-device.ts).
 * Throws AttuneError: 'usage', 'input', 'data', 'weights', 'download', 'disk', 'device', 'numeric', and 'interrupted' when
 * the signal is aborted before the full stage: images and features are kept then. Aborted within it, the state of the run
 * is saved and the result says `interrupted`.
 */
export async function finetune<T extends TaskKind = 'classification'>(
  options: FinetuneOptions,
  context: RunContext = {},
): Promise<FinetuneResult<T>> {
  refuseUnknown(options, FINETUNE_NAMES, context, 'finetune');
  const { workers, threads } = options;
  // All that does not change results, and is not stored.
  const kept = { workers, ...(threads !== undefined && { threads }) };
  const result = await outliveDevices(context, (devices) =>
    devices.saved === null
      ? withRun(options, context, {
          async checked(recipe, found) {
            refuseIdleProfile(options, recipe);
            await assertRunFolderCanBeMade(options.out);
            refuseUnreadable(found);
            if (recipe.strategy !== 'probe') await refuseUnstorable(found, context.signal);
          },
          open: devices.open,
          work: (prepared) => run(prepared, devices),
        })
      : goOn({ ...kept, folder: devices.saved }, context, devices),
  );
  return result as FinetuneResult<T>;
}

async function run(given: Run, devices: RunDevices): Promise<RunOutcome> {
  const { loaded, recipe: asked, data, device, options, context } = given;
  const { model, input } = loaded;
  const first = asked.strategy === 'full' ? null : await runProbe(given);
  throwIfAborted(context.signal);
  const makeFolder = () => createRunFolder(options.out, runName(asked.model, new Date()));
  if (asked.strategy === 'probe') {
    const folder = await makeFolder();
    devices.follow(folder);
    await writeProbeRun(folder, loaded, asked, data, device, first as ProbeResult);
    return describeProbe(folder, loaded, asked, data, device, first as ProbeResult);
  }

  const { chosen, beginning, probed, recipe } = await beginFull(given, first);
  const frozen = { device: summarize(device), ...chosen, variants: device.choices };
  throwIfAborted(context.signal);
  const folder = await makeFolder();
  const state: RunState = {
    recipe,
    frozen,
    model: recipe.model,
    weights: loaded.weights,
    task: data.task.info,
    input,
    images: imageRecords(data),
    skipped: data.skipped,
    progress: { epoch: 0, batch: 0, step: 0, random: 0, ...EMPTY_EPOCH },
    epochs: probed?.epochs ?? [],
    best: probed === null ? null : bestOfProbe(probed),
    temperature: probed?.best?.temperature ?? null,
    beginning,
    explosions: [],
    events: null,
    complete: false,
  };
  devices.follow(folder, state);
  await writeRecipe(folder, recipe, { ...frozen, beginning }, data.task);
  if (state.best !== null) {
    const info = { ...describeModel(state), temperature: state.best.temperature ?? null };
    await writeCheckpoint(join(folder, RUN_FILES.best), model, info, recipe);
  }
  const stage: FullStage = {
    folder,
    device,
    model,
    data,
    state,
    stored: null,
    saved: new SavedStates(folder),
    profile:
      options.profile === true
        ? new Profile(device, folder, options.profileSteps ?? PROFILE_STEPS, context)
        : null,
    ...context,
  };
  return describeFull(stage, await withRunLock(folder, () => runFullStage(stage)), null);
}

/** The probe's head is epoch 0: the full stage has to beat it. Null when there is nothing to validate with. */
function bestOfProbe({ best }: ProbeResult): RunState['best'] {
  return best === null ? null : { ...best, epoch: 0 };
}

function imageRecords(data: TrainingData): RunState['images'] {
  const records = (part: PartName) =>
    data[part].images.map(({ fileHash, ...image }) => ({ ...image, hash: fileHash }));
  return { train: records('train'), val: records('val'), test: records('test') };
}
