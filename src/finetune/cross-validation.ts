/**
 * Stratified k-fold cross-validation of a recipe: a run for each fold, which validates with it and trains on the others;
 * each is an ordinary run in a folder of its own. Pictures are decoded and features computed once for all of them, as
 * caches keep both by the content of the files.
 *
 * folds.json is written after every fold, so that a cross-validation goes on after the last one that was finished.
 */
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { readRegularText } from '../formats/index.js';
import { finetune } from './finetune.js';
import { FINETUNE_NAMES, RESUME_NAMES, refuseUnknown } from '../recipe/option-names.js';
import { throwUnlessInterrupted } from '../interruption.js';
import { wilsonInterval } from '../tasks/metrics/metrics.js';
import type { FinetuneOptions, ResumeOptions, RunContext } from '../recipe/options.js';
import type { FinetuneResult, SkippedImage, TaskKind, TestMetrics } from '../recipe/results.js';
import { loadRecipe } from '../recipe/recipes.js';
import { planRun } from './run/prepare-run.js';
import { resume } from './run/resume.js';
import {
  assertOwnFiles,
  assertRunFolderCanBeMade,
  createRunFolder,
  FOLDS_FILE,
  RUN_FILES,
  runName,
  writeJson,
} from '../runs/run-folder.js';
import { madeBy } from '../runs/run-files.js';
import { isTaken, withRunLock } from '../runs/run-lock.js';
import { rowOf, TASK_KINDS, type Values } from '../tasks/index.js';
import { hasState } from '../runs/saved-states.js';
import type { FoundImages } from '../runs/data/found-images.js';

/** The flags of `attune finetune`, with `--folds`. */
export interface CrossValidationOptions extends Omit<FinetuneOptions, 'fold'> {
  readonly folds: number;
}

const { fold: _, ...NAMES } = FINETUNE_NAMES;

/** The key of what is measured in each fold, as the task has it: `accuracy`, `r2`, `loss`. */
export type FoldMeasure = string;

/** What is told of each fold by these keys; null where its images tell nothing. */
export type FoldMeasures = Values;

/** One run of a cross-validation. */
export interface FoldResult {
  /** From 1. */
  readonly fold: number;
  readonly run: string;
  readonly train_images: number;
  readonly val_images: number;
  /** Its best epoch; 0 is the head before the full stage. */
  readonly epoch: number;
  /** The measures of the best checkpoint, for the images of the fold. */
  readonly metrics: FoldMeasures;
}

/** The JSON document of `attune finetune --folds`, and folds.json. */
export interface CrossValidationResult {
  readonly run: string;
  readonly folds: number;
  readonly task: TaskKind;
  /** Images that no fold could read or uses, and folders that were not looked at. */
  readonly skipped: readonly SkippedImage[];
  readonly results: readonly FoldResult[];
  /** Over the folds that are done. */
  readonly mean: FoldMeasures;
  /** The sample's standard deviation, by n - 1; null for fewer than two folds. */
  readonly sd: FoldMeasures;
  /**
   * All images of these folds together, each judged by a network that was not trained on it. Where all layers are
   * trained, the best epoch was chosen by them, so they flatter a little.
   */
  readonly pooled: {
    readonly images: number;
    /** Null, too, of values. */
    readonly accuracy: number | null;
    /** 95 % Wilson interval. */
    readonly interval: readonly [number, number] | null;
  };
  readonly interrupted: boolean;
}

/** How many folds `attune finetune` would run with these options, by flag or recipe; null where it is a single run. */
export async function foldsOf({ folds, fold, recipe }: FinetuneOptions): Promise<number | null> {
  if (fold !== undefined) return null;
  if (folds !== undefined || recipe === undefined) return folds ?? null;
  const stored = await loadRecipe(recipe);
  return (stored.fold ?? null) === null ? (stored.folds ?? null) : null;
}

/**
 * Runs all folds. Throws as `finetune` does, before an image is opened for folds that the images do not allow. Aborted,
 * the result says `interrupted`; where no fold is done and nothing is saved of one, AttuneError 'interrupted' is thrown.
 */
export async function crossValidate(
  given: CrossValidationOptions,
  context: RunContext = {},
): Promise<CrossValidationResult> {
  refuseUnknown(given, NAMES, context, 'crossValidate');
  const { out, workers, threads, ...options } = given;
  if (options.profile === true || options.profileSteps !== undefined) {
    throw new AttuneError({
      code: 'usage',
      what: 'a profile is of one run, and each fold is a run',
      where: options.profile === true ? '--profile' : '--profile-steps',
      hint: 'leave it out, or add --fold 1',
    });
  }
  const { given: recipe, found } = await planRun({ ...options, fold: 1 }, context.signal);
  await assertRunFolderCanBeMade(out);
  const folder = await createRunFolder(out, runName(`${options.folds}-folds`, new Date()));
  const { fold: _, ...fields } = recipe;
  await writeJson(folder, RUN_FILES.recipe, { ...fields, made_by: madeBy() });
  const images = digestOf(found);
  const task = found.task.info.kind;
  const { data } = recipe;
  const progress = { folder, folds: options.folds, data, task, images, skipped: found.skipped, results: [] };
  try {
    const asked = { ...(workers !== undefined && { workers }), ...(threads !== undefined && { threads }) };
    return await withRunLock(folder, () => runFolds(progress, context, asked));
  } catch (error) {
    // A mistake that the first fold told before it began leaves no folder, as it leaves none of a run.
    if (!(await exists(foldFolder(folder, 1)))) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Whether a folder is that of a cross-validation. */
export async function isCrossValidation(folder: string): Promise<boolean> {
  return exists(join(folder, FOLDS_FILE));
}

/**
 * Goes on with a cross-validation: with the fold that was interrupted, if it was saved, and then the others. Throws
 * AttuneError 'input' when all are done and `complete` does not say that their results are wanted again, 'data' when the images are others than they were, and what `finetune` and
 * `resume` throw.
 */
export async function resumeFolds(
  given: ResumeOptions,
  context: RunContext = {},
  complete: 'refuse' | 'evaluate' = 'refuse',
): Promise<CrossValidationResult> {
  refuseUnknown(given, RESUME_NAMES, context, 'resumeFolds');
  const { resume: named, epochs, device, ...more } = given;
  const folder = resolve(named);
  if (epochs !== undefined) {
    const what = 'the folds of a cross-validation have the same epochs';
    throw new AttuneError({ code: 'usage', what, where: '--epochs', hint: 'start a new one' });
  }
  await assertOwnFiles(folder);
  const stored = await readProgress(folder);
  const { folds, data, images, results } = stored;
  if (results.length === folds) {
    if (complete === 'evaluate') return summary({ folder, ...stored }, results, false);
    const what = `nothing is left to do: all ${folds} folds are done`;
    throw new AttuneError({ code: 'input', what, where: named, hint: 'start a new cross-validation' });
  }
  const { found } = await planRun({ data, recipe: join(folder, RUN_FILES.recipe), fold: 1 }, context.signal);
  if (digestOf(found) !== images) {
    const what =
      'files were added or are gone since the first fold, so that they would be cut in another way';
    throw new AttuneError({ code: 'data', what, where: data, hint: 'put them back, or start a new one' });
  }
  const options = { ...more, ...(device !== undefined && { device }) };
  const work = () => runFolds({ folder, ...stored }, context, options);
  return withRunLock(folder, work);
}

/** Where a cross-validation stands. */
interface Progress {
  readonly folder: string;
  readonly folds: number;
  readonly data: string;
  readonly task: TaskKind;
  /** Tells the images by name and class: the folds follow from them. */
  readonly images: string;
  readonly skipped: readonly SkippedImage[];
  readonly results: readonly FoldResult[];
}

function digestOf({ train, val }: FoundImages): string {
  const hash = createHash('sha256');
  for (const { name, label } of [...train, ...val]) hash.update(JSON.stringify([label, name]));
  return hash.digest('hex');
}

/** What may be named of each fold, whether it goes on or begins. */
type FoldOptions = Pick<
  FinetuneOptions,
  'workers' | 'threads' | 'device' | 'checkpointMinutes' | 'onExplosion'
>;

async function runFolds(
  before: Progress,
  context: RunContext,
  options: FoldOptions,
): Promise<CrossValidationResult> {
  const results = [...before.results];
  let progress = before;
  const told = new Set<string>();
  const foldContext: RunContext = {
    ...context,
    onEvent(event) {
      // What every fold would say again is said once.
      if (event.type === 'note' && told.has(event.text)) return;
      if (event.type === 'note') told.add(event.text);
      context.onEvent?.(event);
    },
  };
  await writeProgress(progress, summary(progress, results, false));
  for (let fold = results.length + 1; fold <= progress.folds; fold++) {
    context.onEvent?.({ type: 'note', text: `Fold ${fold} of ${progress.folds}.` });
    const result = await runFold(progress, fold, options, foldContext).catch((error: unknown) => {
      if (results.length === 0) throw error;
      throwUnlessInterrupted(error);
      return null;
    });
    if (result === null || result.interrupted) return summary(progress, results, true);
    results.push(describeFold(fold, progress.task, result));
    // Every fold opens all images.
    progress = { ...progress, skipped: result.images.skipped };
    await writeProgress(progress, summary(progress, results, false));
  }
  return summary(progress, results, false);
}

/** A fold from where it was saved, else from its beginning. */
async function runFold(
  { folder, data }: Progress,
  fold: number,
  { workers, ...named }: FoldOptions,
  context: RunContext,
): Promise<FinetuneResult<TaskKind>> {
  const out = foldFolder(folder, fold);
  if (hasState(out)) {
    try {
      return await resume<TaskKind>({ resume: out, ...named }, context);
    } catch (error) {
      if (!(error instanceof AttuneError) || error.code !== 'input' || isTaken(error)) throw error;
      // A run that had ended, but not been noted yet: it is quicker repeated than told apart.
    }
  }
  await rm(out, { recursive: true, force: true });
  const recipe = join(folder, RUN_FILES.recipe);
  const given = { data, recipe, fold, out, ...(workers !== undefined && { workers }), ...named };
  return finetune<TaskKind>(given, context);
}

function foldFolder(folder: string, fold: number): string {
  return join(folder, `fold-${fold}`);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function describeFold(
  fold: number,
  task: TaskKind,
  { run, images, best, validation = null }: FinetuneResult<TaskKind>,
): FoldResult {
  const { train: train_images, val: val_images } = images;
  const metrics = measuresOf(task, validation);
  return { fold, run, train_images, val_images, epoch: best.epoch, metrics };
}

/** The figures of a fold, from the metrics of its images. */
export function measuresOf(task: TaskKind, metrics: TestMetrics[TaskKind] | null): FoldMeasures {
  const { fold } = rowOf(task).measures;
  return Object.fromEntries(
    fold.map((measure) => [measure.key, metrics === null ? null : measure.of(metrics)]),
  );
}

function summary(
  { folder, folds, task, skipped }: Progress,
  results: readonly FoldResult[],
  interrupted: boolean,
): CrossValidationResult {
  const { measures } = rowOf(task);
  const over = (statistic: (values: readonly number[]) => number | null) =>
    Object.fromEntries(
      measures.fold.map(({ key }) => {
        const values = results.flatMap(({ metrics }) => metrics[key] ?? []);
        return [key, statistic(values)];
      }),
    );
  const images = results.reduce((sum, { val_images }) => sum + val_images, 0);
  const share = measures.rightShare?.key ?? null;
  const right = results.reduce(
    (sum, { val_images, metrics }) =>
      sum + Math.round(val_images * (share === null ? 0 : (metrics[share] ?? 0))),
    0,
  );
  const isMeasured = images > 0 && share !== null;
  return {
    run: folder,
    folds,
    task,
    skipped,
    results,
    mean: over(meanOf),
    sd: over(deviationOf),
    pooled: {
      images,
      accuracy: isMeasured ? right / images : null,
      interval: isMeasured ? wilsonInterval(right, images) : null,
    },
    interrupted,
  };
}

/** The mean; null of none. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's standard deviation, by n - 1; null of fewer than two. */
export function deviationOf(values: readonly number[]): number | null {
  const mean = meanOf(values);
  if (mean === null || values.length < 2) return null;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

async function writeProgress(
  { folder, data, images }: Progress,
  document: CrossValidationResult,
): Promise<void> {
  const { run: _, interrupted: __, ...rest } = document;
  await writeJson(folder, FOLDS_FILE, { data, images, ...rest });
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const measure = v.nullable(v.number());

const progressSchema = v.object({
  data: v.string(),
  images: v.string(),
  folds: v.pipe(whole, v.minValue(2), v.maxValue(100)),
  // What earlier versions wrote has neither.
  task: v.optional(v.picklist(TASK_KINDS), TASK_KINDS[0]),
  skipped: v.optional(v.array(v.object({ path: v.string(), reason: v.string() })), []),
  results: v.array(
    v.strictObject({
      fold: whole,
      run: v.string(),
      train_images: whole,
      val_images: whole,
      epoch: whole,
      metrics: v.record(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/)), measure),
    }),
  ),
});

/** The folds of a cross-validation that are done, how many there are to be, and what was left out. Throws AttuneError 'input'. */
export async function readFolds(folder: string): Promise<Pick<Progress, 'folds' | 'results' | 'skipped'>> {
  return readProgress(folder);
}

/** Reads folds.json, which can be anything. Throws AttuneError 'input' when it is damaged. */
async function readProgress(folder: string): Promise<Omit<Progress, 'folder'>> {
  const where = join(folder, FOLDS_FILE);
  const text = await readRegularText(where, 'follow').catch((error: unknown) => {
    if (error instanceof AttuneError) throw error;
    return ''; // a folder, or one that may not be read
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), progressSchema), text);
  const isInOrder = parsed.success && parsed.output.results.every(({ fold }, i) => fold === i + 1);
  if (isInOrder && parsed.output.results.length <= parsed.output.folds) return parsed.output;
  throw new AttuneError({
    code: 'input',
    what: 'what is known of the folds that are done is damaged',
    where,
    hint: 'start a new cross-validation; pictures and features are cached',
  });
}
