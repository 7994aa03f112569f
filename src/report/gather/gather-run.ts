/**
 * From a run folder to what its report tells: files of the folder, the images as they lie in their folder now, and an
 * evaluation of the best checkpoint.
 */
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { inputRow, isCsvFile, openSamples } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { adviseOnRun } from '../../finetune/advise/run-rules.js';
import { beginningIn } from '../../runs/beginning.js';
import { readMadeBy } from '../../runs/run-files.js';
import { ANYWHERE, commandLine } from '../../runs/command-line.js';
import { type DeviceWish, openDevice } from '../../runs/device.js';
import { factsOf } from '../../runs/data/folds.js';
import { throwIfAborted } from '../../interruption.js';
import { type LoadedModel, loadModel } from '../../runs/model-source.js';
import type { DeviceOptions, RunContext } from '../../recipe/options.js';
import { DEVICE_NAMES } from '../../recipe/option-names.js';
import { nameOf, withNamesOnly } from '../../recipe/names-only.js';
import type { SkippedImage } from '../../recipe/results.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { exampleOf } from '../../finetune/run/example-image.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import { findImages, splitOf } from '../../runs/data/training-data.js';
import { folderOf, type FoundImages, type PartName } from '../../runs/data/found-images.js';
import { freeze } from '../../nn/index.js';
import type { OptionNames } from '../../option-names.js';
import { reportOf } from '../tasks/index.js';
import { type Network, outputsFor } from '../run/answered-part.js';
import { whyNotExplained } from '../run/classified-part.js';
import { flagsCommand } from './commands.js';
import type { Commands, DataCard, EvaluatedPart, ReportData } from '../run/report-data.js';
import {
  assertRun,
  bestEpochOf,
  hasCheckpoint,
  isFinished,
  readSkipped,
  stagesOf,
  withoutSkipped,
} from '../run/stored-facts.js';

/** What a report is of, and how it is made. */
export interface GatherOptions extends DeviceOptions {
  /** A run folder, or that of a cross-validation. */
  readonly run: string;
  /** Where the images lie now. Default: where they lay. */
  readonly data?: string;
  /** Whether the best checkpoint is evaluated. Default true; without, a report has curves and recipe only. */
  readonly evaluate?: boolean;
  readonly workers?: number;
}

export const GATHER_NAMES: OptionNames<GatherOptions> = {
  ...DEVICE_NAMES,
  run: true,
  data: true,
  evaluate: true,
  workers: true,
};

/** Gathers what there is of one run. Throws AttuneError as `evaluate` does, and 'data' when the images have other classes. */
export async function gatherRun(options: GatherOptions, context: RunContext): Promise<ReportData> {
  const folder = resolve(options.run);
  await assertRun(folder);
  const { recipe, epochs } = await readCurves(folder);
  const found = await findImages(options.data ?? recipe.data, splitOf(recipe), context.signal).catch(
    (error: unknown) => {
      throw options.data === undefined ? movedAway(error) : error;
    },
  );
  const skipped = (await readSkipped(folder, recipe)) ?? found.skipped;
  const evaluated =
    options.evaluate === false || !(await hasCheckpoint(folder))
      ? { main: null, test: null, notes: [NOT_EVALUATED] }
      : await evaluateRun(folder, recipe, { found, skipped }, options, context);
  const best = bestEpochOf(found.task, epochs);
  const { full, head } = stagesOf(epochs);
  const madeBy = await readMadeBy(folder);
  const data = dataCard(recipe, found, skipped);
  return {
    name: basename(folder),
    task: found.task.info,
    recipe: withNamesOnly(recipe),
    madeBy,
    epochs,
    bestEpoch: best,
    isFinished: isFinished(recipe, epochs, best),
    data,
    ...evaluated,
    folds: null,
    advice: reportOf(found.task.info.kind).isOfClasses
      ? adviseOnRun({
          ...{
            recipe,
            input: found.inputKind,
            epochs: full,
            head,
            beginning: beginningIn(madeBy),
            data: null,
          },
          ...{ validation: data.images.val, isSplit: found.isSplit },
        })
      : [],
    commands: commandsOf(folder, recipe, found),
  };
}

/** Samples that are not where they lay can be named. */
function movedAway(error: unknown): unknown {
  if (!(error instanceof AttuneError) || error.code !== 'input') return error;
  const { code, what, where } = error;
  const hint = 'say where the data of the run lies now with --data';
  return new AttuneError({ code, what, where, hint }, { cause: error });
}

const NOT_EVALUATED =
  'Nothing was evaluated, as the run was interrupted: the last command below does it, and writes this page anew.';

async function evaluateRun(
  folder: string,
  recipe: Recipe,
  { found, skipped }: { readonly found: FoundImages; readonly skipped: readonly SkippedImage[] },
  options: GatherOptions,
  context: RunContext,
): Promise<Pick<ReportData, 'main' | 'test' | 'notes'>> {
  const loaded = await loadModel({ run: folder }, context);
  refuseOtherNames(found, loaded, options.data ?? recipe.data);
  const notes: string[] = [];
  const of = reportOf(found.task.info.kind);
  const unexplained = whyNotExplained(loaded);
  if (of.isOfClasses && unexplained !== null) notes.push(`There are no heat maps: ${unexplained}.`);
  return withNetwork(loaded, evaluatingDevice(recipe, options), options, context, async (network) => {
    const store = await openSamples(loaded.input, { workers: options.workers, variation: null });
    try {
      const evaluate = async (part: PartName): Promise<EvaluatedPart | null> => {
        const images = withoutSkipped(found[part], skipped);
        if (images.length === 0) return null;
        const outputs = await outputsFor(network, images, store);
        const { task, temperature } = loaded;
        return of.evaluate(outputs, { part, task, temperature, network });
      };
      const [val, test] = [await evaluate('val'), await evaluate('test')];
      return val === null ? { main: test, test: null, notes } : { main: val, test, notes };
    } finally {
      await store.close();
    }
  });
}

/**
 * The device that was asked for, else the one that the run was made on. Always in float32, as `attune evaluate` computes: a
 * run of mixed precision can be looked at where there is no GPU.
 */
export function evaluatingDevice(
  recipe: Pick<Recipe, 'device' | 'adapter'>,
  { device, adapter, threads }: DeviceOptions,
): DeviceWish {
  // Who names an adapter means a GPU, whatever the run was made on.
  const otherwise = adapter === undefined ? recipe.device : 'auto';
  return {
    device: device ?? otherwise,
    adapter: adapter ?? recipe.adapter,
    ...(threads !== undefined && { threads }),
  };
}

/** Does `work` with the model on its device. */
export async function withNetwork<T>(
  loaded: LoadedModel,
  device: DeviceWish,
  { workers }: GatherOptions,
  context: RunContext,
  work: (network: Network) => Promise<T>,
): Promise<T> {
  throwIfAborted(context.signal);
  const opened = await openDevice(device, context);
  try {
    await freeze(loaded.model);
    await loaded.model.to(opened);
    return await work({ device: opened, loaded, workers, ...context });
  } finally {
    await opened.close();
  }
}

/** Labels are places in the list of classes: with another list they would mean others. */
export function refuseOtherNames(found: FoundImages, { task }: LoadedModel, where: string): void {
  if (String(found.task.names) === String(task.names)) return;
  throw new AttuneError({
    code: 'data',
    what: `the data has other ${task.plural} than the run was trained for`,
    where,
    hint: 'name the folder that the run was made with',
  });
}

/** Counts the samples that the run used: those found, without those that could not be read. */
export function dataCard(recipe: Recipe, found: FoundImages, skipped: DataCard['skipped']): DataCard {
  const { task } = found;
  const leftOut = new Set(skipped.map(({ path }) => path));
  const used = (images: FoundImages[PartName]) => images.filter(({ path }) => !leftOut.has(path));
  const parts = { train: used(found.train), val: used(found.val), test: used(found.test) };
  const classes = task.classes ?? [];
  const counts = classes.map(() => ({ train: 0, val: 0, test: 0 }));
  for (const part of ['train', 'val', 'test'] as const) {
    if (classes.length > 0) for (const { label } of parts[part]) counts[label][part]++;
  }
  return {
    data: nameOf(recipe.data),
    words: inputRow(found.inputKind).files,
    images: { train: parts.train.length, val: parts.val.length, test: parts.test.length },
    classes: classes.map((name, c) => ({ class: name, ...counts[c] })),
    skipped: skipped.map(({ path, reason }) => ({ path: nameBelow(folderOf(found), path), reason })),
    split: splitText(recipe, found),
  };
}

function splitText({ val, val_split, folds, fold, seed, data }: Recipe, found: FoundImages): string {
  if (folds !== null)
    return `fold ${fold} of ${folds} validates, cut by seed ${seed} with equal shares of each class`;
  if (found.val.length === 0) return 'there is nothing to validate with';
  if (val !== null) return `those of ${nameOf(val)} validate`;
  if (isCsvFile(data)) return 'by the column split where the file has one, else by the seed';
  const isSplit = found.val.some(({ path }) => found.train.some((image) => sameFolder(image.path, path)));
  return isSplit
    ? `${100 * val_split} % of each class were set aside by seed ${seed}`
    : 'they have a folder of their own';
}

function sameFolder(a: string, b: string): boolean {
  return join(a, '..') === join(b, '..');
}

/** A path below a folder, or the name alone of what lies elsewhere. */
function nameBelow(folder: string, path: string): string {
  const way = relative(folder, path);
  return way === '' || way.startsWith('..') || isAbsolute(way) ? basename(path) : way;
}

/** Where runs lie unless they are told another place. */
const RUNS_FOLDER = 'runs';

/** By the names alone of the run and the images: the page is handed on, and paths are this machine's. */
export function commandsOf(folder: string, given: Recipe, found: FoundImages): Commands {
  const isUsual = basename(dirname(folder)) === RUNS_FOLDER;
  const run = join(isUsual ? RUNS_FOLDER : '', basename(folder));
  const recipe = withNamesOnly(given);
  const line = (...words: readonly string[]) => commandLine(words, ANYWHERE);
  const again = line('finetune', recipe.data, '--recipe', join(run, RUN_FILES.recipe));
  const image = exampleOf(found);
  return {
    again,
    flags: flagsCommand(recipe, factsOf(found, recipe.folds)) ?? again,
    report: line('report', run),
    predict: line('predict', run, image === null ? recipe.data : nameOfImage(recipe.data, found, image)),
  };
}

/** An image below the folder of the data set, with the name of that. */
function nameOfImage(data: string, found: FoundImages, image: string): string {
  const below = nameBelow(folderOf(found), image);
  return isCsvFile(data) || below === basename(image) ? below : join(data, below);
}
