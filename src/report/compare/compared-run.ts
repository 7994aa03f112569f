/** What a run folder tells to whoever compares it with others: its curves, and what its best checkpoint answers. */
import { basename, join, relative } from 'node:path';
import { openPreparedCache } from '../../data/index.js';
import { AttuneError } from '../../errors.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { isCrossValidation } from '../../finetune/cross-validation.js';
import type { Metrics } from '../../finetune/evaluation/metrics.js';
import type { RegressionReport } from '../../finetune/evaluation/regression-metrics.js';
import { likeliest } from '../../finetune/evaluation/scores.js';
import { type LoadedModel, loadModel } from '../../finetune/model-source.js';
import type { DeviceOptions, RunContext } from '../../finetune/options.js';
import type { EpochRecord, TaskKind } from '../../finetune/results.js';
import { sentenceWithName } from '../../finetune/recipe/names-only.js';
import type { Recipe } from '../../finetune/recipe/recipe-schema.js';
import { findImages, splitOf } from '../../finetune/run/training-data.js';
import type { PartName } from '../../finetune/run/found-images.js';
import { outputsFor } from '../run/answered-part.js';
import { evaluatingDevice, type GatherOptions, refuseOtherNames, withNetwork } from '../run/gather-run.js';
import { assertRun, bestEpochOf, hasCheckpoint, isFinished, stagesOf } from '../run/stored-facts.js';

/** Figures of the images that a run validates with, else of those it is tested with. */
interface Figures {
  /** Null: they are those of the best epoch, as the run noted them. */
  readonly part: PartName | null;
  readonly images: number | null;
  /** Of a classification; shares are fractions. */
  readonly accuracy: number | null;
  readonly interval: readonly [number, number] | null;
  readonly macro_f1: number | null;
  /** Expected calibration error, with the temperature of the checkpoint where it has one. */
  readonly calibration_error: number | null;
  /** Of a regression; the error is in the unit of the values, and null where several columns have several. */
  readonly r2: number | null;
  readonly mae: number | null;
  /** Mean cross-entropy in nats, or mean squared error of standardised values. */
  readonly loss: number | null;
}

/** A run as `attune compare --json` tells it. */
export interface ComparedRun extends Figures {
  readonly run: string;
  readonly task: TaskKind;
  readonly model: string;
  readonly strategy: string;
  readonly finished: boolean;
  /** Of the full stage, those done; and the best of them: 0 is the head before it, null: none was validated. */
  readonly epochs: number;
  readonly best_epoch: number | null;
  /** Of all epochs, without decoding and features. */
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
  const kind =
    loaded?.task.info.kind ??
    (epochs.some(({ val_r2: r2 }) => typeof r2 === 'number') ? 'regression' : 'classification');
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

interface Answered {
  readonly figures: Figures | null;
  readonly right: MeasuredRun['right'];
  readonly note: string | null;
}

const NOT_SAVED = 'the run was interrupted before its first checkpoint';
const NOT_ASKED = 'the images were not evaluated, as --no-evaluate asks for';

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
    return without(`the images could not be evaluated: ${sentenceWithName(error)}`);
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
  const found = await findImages(options.data ?? recipe.data, splitOf(recipe));
  refuseOtherNames(found, loaded, options.data ?? recipe.data);
  const part = found.val.length > 0 ? 'val' : 'test';
  if (found[part].length === 0)
    return { figures: null, right: null, note: 'the run has no images to measure it with' };
  const cache = await openPreparedCache(loaded.preprocessing);
  try {
    const device = evaluatingDevice(recipe, options);
    const { images, values } = await withNetwork(loaded, device, options, context, (network) =>
      outputsFor(network, found[part], cache),
    );
    const { task, temperature } = loaded;
    const metrics = task.metrics(values, images, { temperature });
    if (task.info.kind === 'regression')
      return { figures: fitFigures(part, metrics as RegressionReport), right: null, note: null };
    const scored = { scores: values, classes: task.names.length };
    const right = images.map(
      ({ fileHash, label }, i) =>
        [`${fileHash} ${task.names[label]}`, likeliest(scored, i) === label] as const,
    );
    return { figures: classFigures(part, metrics as Metrics), right: new Map(right), note: null };
  } finally {
    await cache.close();
  }
}

function classFigures(part: PartName, metrics: Metrics): Figures {
  const { images, accuracy, interval, macro, loss, calibration } = metrics;
  return {
    ...NOTHING,
    part,
    images,
    accuracy,
    interval,
    macro_f1: macro?.f1 ?? null,
    calibration_error: calibration?.scaled_error ?? calibration?.error ?? null,
    loss,
  };
}

function fitFigures(part: PartName, { images, r2, mae, loss, per_column }: RegressionReport): Figures {
  return { ...NOTHING, part, images, r2, mae: per_column.length > 1 ? null : mae, loss };
}

const NOTHING: Figures = {
  part: null,
  images: null,
  accuracy: null,
  interval: null,
  macro_f1: null,
  calibration_error: null,
  r2: null,
  mae: null,
  loss: null,
};

/** What the run itself noted of its best epoch. */
function notedFigures(
  epochs: readonly EpochRecord[],
  best: number | null,
  loaded: LoadedModel | null,
): Figures {
  const { head, full } = stagesOf(epochs);
  const record = best === null ? null : best === 0 ? head : full.find(({ epoch }) => epoch === best);
  if (!record) return NOTHING;
  const { val_accuracy: accuracy = null, val_loss: loss, val_r2: r2 = null, val_mae: mae = null } = record;
  const isOneUnit = loaded?.task.names.length === 1;
  return { ...NOTHING, accuracy, loss, r2, mae: isOneUnit ? mae : null };
}
