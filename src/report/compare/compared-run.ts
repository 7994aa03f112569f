/** What a run folder tells to whoever compares it with others: its curves, and what its best checkpoint answers. */
import { basename, join, relative } from 'node:path';
import { openSamples } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { isCrossValidation } from '../../finetune/cross-validation.js';
import { type LoadedModel, loadModel } from '../../runs/model-source.js';
import type { DeviceOptions, RunContext } from '../../recipe/options.js';
import type { EpochRecord, TaskKind } from '../../recipe/results.js';
import { sentenceWithName } from '../../recipe/names-only.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { findImages, splitOf } from '../../runs/data/training-data.js';
import { TASK_KINDS, TASKS } from '../../tasks/index.js';
import { outputsFor } from '../run/answered-part.js';
import { evaluatingDevice, type GatherOptions, refuseOtherNames, withNetwork } from '../gather/gather-run.js';
import type { ComparedFigures } from '../run/report-data.js';
import { reportOf, TASK_REPORTS } from '../tasks/index.js';
import {
  assertRun,
  bestEpochOf,
  hasCheckpoint,
  isFinished,
  readSkipped,
  stagesOf,
  withoutSkipped,
} from '../run/stored-facts.js';

/** A run as `attune compare --json` tells it. */
export interface ComparedRun extends ComparedFigures {
  readonly run: string;
  readonly task: TaskKind;
  readonly model: string;
  readonly strategy: string;
  readonly finished: boolean;
  /** Those done of the full stage; and the best of them: 0 is the head before it, null: none was validated. */
  readonly epochs: number;
  readonly best_epoch: number | null;
  /** The time of all epochs, without decoding and features. */
  readonly seconds: number;
  /** Why the checkpoint did not answer; null when it did. */
  readonly note: string | null;
}

/** What comparisons need beside that. */
export interface MeasuredRun {
  readonly summary: ComparedRun;
  readonly name: string;
  readonly recipe: Recipe;
  readonly records: readonly EpochRecord[];
  /** Whether each image is answered rightly, by the hash of its file and its class; null where that is not known. */
  readonly right: ReadonlyMap<string, boolean> | null;
}

/** Tells a folder that is no run before any is evaluated. Throws AttuneError 'input'. */
export async function assertComparable(folder: string): Promise<void> {
  if (await isCrossValidation(folder)) {
    const hint = `name its folds, as ${join(relative('.', folder), 'fold-1')}`;
    throw new AttuneError({ code: 'input', what: 'this is a cross-validation', where: folder, hint });
  }
  await assertRun(folder);
  await readCurves(folder);
}

/**
 * Reads a run, and lets its best checkpoint answer. Images that cannot be had are told in `note`, and the figures are
 * those that the run noted. The folder is one that `assertComparable` lets pass. Throws AttuneError as `loadModel` does.
 */
export async function measureRun(
  folder: string,
  options: Omit<GatherOptions, 'run'>,
  context: RunContext,
): Promise<MeasuredRun> {
  const { recipe, epochs } = await readCurves(folder);
  const { full } = stagesOf(epochs);
  const loaded = (await hasCheckpoint(folder)) ? await loadModel({ run: folder }, context) : null;
  const best = loaded === null ? null : bestEpochOf(loaded.task, epochs);
  const answered = await answers(folder, recipe, loaded, options, context);
  const kind = loaded?.task.info.kind ?? TASK_KINDS.findLast((task) => isOf(task, epochs)) ?? TASK_KINDS[0];
  return {
    summary: {
      run: folder,
      task: kind,
      model: recipe.model,
      strategy: recipe.strategy,
      finished: loaded !== null && isFinished(recipe, epochs, best),
      epochs: full.length,
      best_epoch: recipe.strategy === 'probe' ? null : best,
      seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      ...(answered.figures ?? notedFigures(epochs, best, loaded)),
      note: answered.note,
    },
    name: basename(folder),
    recipe,
    records: epochs,
    right: answered.right,
  };
}

/** Whether a task's measures are among those of some epochs. */
function isOf(task: TaskKind, epochs: readonly EpochRecord[]): boolean {
  const { epoch } = TASKS[task].measures;
  return epochs.some((record) => epoch.some(({ key }) => typeof record[`val_${key}`] === 'number'));
}

interface Answered {
  readonly figures: ComparedFigures | null;
  readonly right: MeasuredRun['right'];
  readonly note: string | null;
}

const NOT_SAVED = 'the run was interrupted before its first checkpoint';
const NOT_ASKED = 'nothing was evaluated, as --no-evaluate asks for';

async function answers(
  folder: string,
  recipe: Recipe,
  loaded: LoadedModel | null,
  options: Omit<GatherOptions, 'run'>,
  context: RunContext,
): Promise<Answered> {
  const without = (note: string): Answered => ({ figures: null, right: null, note });
  if (loaded === null) return without(NOT_SAVED);
  if (options.evaluate === false) return without(NOT_ASKED);
  try {
    return await evaluated(recipe, loaded, { ...options, run: folder }, context);
  } catch (error) {
    if (!(error instanceof AttuneError) || error.code === 'interrupted') throw error;
    if (isWishInVain(error, options)) throw error;
    return without(`it could not be evaluated: ${sentenceWithName(error)}`);
  }
}

/**
 * Whether a device that was asked for is not there: no fault of a run, and the figures that it noted are not what was
 * asked for.
 */
export function isWishInVain({ code }: AttuneError, { device, adapter }: DeviceOptions): boolean {
  return code === 'device' && ((device ?? 'auto') !== 'auto' || adapter !== undefined);
}

async function evaluated(
  recipe: Recipe,
  loaded: LoadedModel,
  options: GatherOptions,
  context: RunContext,
): Promise<Answered> {
  const found = await findImages(options.data ?? recipe.data, splitOf(recipe), context.signal);
  refuseOtherNames(found, loaded, options.data ?? recipe.data);
  const part = found.val.length > 0 ? 'val' : 'test';
  const wanted = withoutSkipped(found[part], (await readSkipped(options.run, recipe)) ?? []);
  if (wanted.length === 0)
    return { figures: null, right: null, note: 'the run has nothing to measure it with' };
  const store = await openSamples(loaded.input, { workers: options.workers, variation: null });
  try {
    const device = evaluatingDevice(recipe, options);
    const outputs = await withNetwork(loaded, device, options, context, (network) =>
      outputsFor(network, wanted, store),
    );
    const { images, values } = outputs;
    const { task, temperature } = loaded;
    const of = reportOf(task.info.kind);
    const metrics = task.metrics(values, images, { temperature });
    const { loss } = metrics;
    const figures = { ...NOTHING, ...of.figures(metrics), part, images: metrics.images, loss } as const;
    return { figures, right: of.right(outputs, task.names), note: null };
  } finally {
    await store.close();
  }
}

/** Nothing is known of any task. */
const NOTHING = {
  ...{ part: null, images: null, loss: null },
  ...Object.fromEntries(TASK_KINDS.flatMap((kind) => Object.entries(TASK_REPORTS[kind].unknown))),
} as ComparedFigures;

/** What the run itself noted of its best epoch. */
function notedFigures(
  epochs: readonly EpochRecord[],
  best: number | null,
  loaded: LoadedModel | null,
): ComparedFigures {
  const { head, full } = stagesOf(epochs);
  const record = best === null ? null : best === 0 ? head : full.find(({ epoch }) => epoch === best);
  if (!record || loaded === null) return NOTHING;
  const { info, names } = loaded.task;
  return { ...NOTHING, ...reportOf(info.kind).noted(record, names), loss: record.val_loss };
}
