/**
 * The full stage: layers of the trunk are trained (stages.ts says which, and when), epoch by epoch, and validated after
 * each.
 *
 * After every epoch the exports are written, then the event file, then the state of the run, in this order: a kill between
 * them repeats the epoch and writes the same bytes again. In long epochs the state is saved between two steps, too.
 */
import { type EarlyEnd, earlyEnd } from '../methods/index.js';
import { join } from 'node:path';
import { type Optimizer, withValidatedWeights } from '../optim/index.js';
import { writeCheckpoint } from '../runs/checkpoint.js';
import { HEAD_STAGE } from '../recipe/choices.js';
import { firstLoss } from '../runs/beginning.js';
import { describeModel, finishEpoch } from './epoch-end.js';
import { throwUnlessInterrupted } from '../interruption.js';
import { writeMetrics } from '../runs/run-files.js';
import { rateFactor } from './explosion.js';
import { RUN_FILES } from '../runs/run-folder.js';
import { assertRunLock } from '../runs/run-lock.js';
import type { RunState } from '../runs/run-state.js';
import { SaveClock } from './save-clock.js';
import type { FullStage } from './step/stage-context.js';
import { StagedOptimizer } from './staged-optimizer.js';
import { reportSteps } from './step-report.js';
import { RunLog } from './tensorboard/run-log.js';
import { Trainer } from './trainer.js';

/**
 * Trains until the recipe's epochs are done or the signal is aborted; true when they are done. The state of the
 * run is on the disk either way.
 */
export async function runFullStage(stage: FullStage): Promise<boolean> {
  const { device, model, data, state, stored, profile = null, signal } = stage;
  const staged = await StagedOptimizer.open(stage);
  // Read for the last time. The saves replace it, and Windows replaces no file that is open.
  await stored?.file.close();
  const isRetry = stored !== null && stored.state.explosions.length < state.explosions.length;
  if (profile !== null) data.observe(profile.loaderWork);
  let log: RunLog | null = null;
  const onStep = reportSteps(stage);
  const clock = new SaveClock(state.recipe.checkpoint_minutes);
  const saving = {
    get isDue() {
      return clock.isDue;
    },
    async save() {
      await save(stage, staged.optimizer, log);
      clock.restart();
    },
  };
  const makeTrainer = () =>
    new Trainer({
      device,
      model,
      task: data.task,
      optimizer: staged.optimizer,
      recipe: state.recipe,
      frozen: state.frozen,
      training: data.training,
      progress: state.progress,
      valLosses: () => lossesOfFull(state),
      onStep,
      saving,
      rateFactor: rateFactor(state),
      began: state.beginning === null ? null : firstLoss(state.beginning, state.frozen.batch_norm),
      ...(profile && { profile }),
      ...(log !== null && { onLoss: log.loss, onLastGradients: log.readGradients }),
      ...(signal && { signal }),
    });
  try {
    log = await RunLog.open(stage);
    if (stored === null) await log?.begin();
    let trainer = makeTrainer();
    // The state of a run that goes on refers to the new event file from now on, and knows its rates.
    if (stored === null || log !== null || isRetry) await saving.save();
    while (!state.complete) {
      const isWhole = await trainer.trainEpoch();
      await profile?.end();
      if (isWhole) {
        await log?.endOfSteps(trainer.gradientNorm);
        // The validation may be long.
        if (saving.isDue) await saving.save();
        const finish = () => finishEpoch(stage, staged.name, trainer.rates, log);
        await withValidatedWeights(staged.optimizer, finish).catch(throwUnlessInterrupted);
      }
      state.complete = state.progress.epoch >= state.recipe.epochs || earlyEndOf(state) !== null;
      const stops = state.complete || signal?.aborted === true;
      if (stops) await withValidatedWeights(staged.optimizer, () => writeExports(stage));
      if (state.complete) await log?.end();
      // What is stored belongs to the stage that the stored progress is in.
      const isNew = await staged.follow(state.progress);
      await saving.save();
      if (stops) break;
      if (isNew) {
        staged.tellJoin();
        trainer = makeTrainer();
      }
    }
    return state.complete;
  } finally {
    staged.close();
    await log?.close();
  }
}

/** Validation losses of the epochs behind the head's. */
function lossesOfFull({ epochs }: RunState): number[] {
  return epochs.filter(({ stage }) => stage !== HEAD_STAGE).map(({ val_loss }) => val_loss ?? Infinity);
}

/** Why the stage ends before its last epoch; null: it goes on. */
export function earlyEndOf({ recipe, progress, best }: RunState): EarlyEnd | null {
  return earlyEnd(recipe, { epoch: progress.epoch, best: best?.epoch ?? null });
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

/** Metrics and events first: they are cut back to the state when the run is resumed. */
async function save(stage: FullStage, optimizer: Optimizer, log: RunLog | null): Promise<void> {
  const { folder, state, model, saved } = stage;
  await assertRunLock(folder);
  await writeMetrics(folder, state.epochs);
  await log?.save();
  await saved.save(state, model, optimizer);
}
