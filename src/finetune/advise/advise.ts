/**
 * `attune advise`: looks at a data set, or at a run and its data set, and says what to do. The rules are in
 * data-rules.ts, proposal.ts and run-rules.ts; what they go by in data-facts.ts.
 */
import { refuseUnlessImages, resizedInput } from '../../inputs/index.js';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../../errors.js';
import type { OptionNames } from '../../option-names.js';
import { openDevice } from '../../runs/device.js';
import { tellLeftOut } from '../../runs/left-out-layers.js';
import { loadModel } from '../../runs/model-source.js';
import { DEFAULT_MODEL } from '../../models/index.js';
import type { DeviceOptions, RunContext } from '../../recipe/options.js';
import type { EpochRecord } from '../../recipe/results.js';
import { DEVICE_NAMES, refuseUnknown } from '../../recipe/option-names.js';
import { HEAD_STAGE } from '../../recipe/choices.js';
import { refuseIdleColumns, refuseIdleSplit } from '../../recipe/contradictions.js';
import { DEFAULT_SEED, DEFAULT_VAL_SPLIT } from '../../recipe/recipe.js';
import { requireClasses } from '../../tasks/require-classes.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import { findImages, splitOf } from '../../runs/data/training-data.js';
import type { SplitOptions } from '../../runs/data/found-images.js';
import type { Advice } from './advice.js';
import { type DataFacts, gatherDataFacts } from './data-facts.js';
import { adviseOnData } from './data-rules.js';
import { type Proposal, proposeRecipe } from './proposal.js';
import { adviseOnRun } from './run-rules.js';
import { readCurves } from './stored-run.js';

/** What to look at, and with which network. */
export interface AdviseOptions extends DeviceOptions {
  /** A folder of images as `finetune` takes it, or a run folder. */
  readonly path: string;
  /** The folder that the paths of a CSV file are relative to, and its column of labels, as for `finetune`. */
  readonly images?: string;
  readonly label?: string;
  readonly val?: string;
  readonly valSplit?: number;
  /** Whose features judge the images, and for which a recipe is proposed. Default: resnet50. */
  readonly model?: string;
  /** Its weights; only where a network looks. */
  readonly weights?: string;
  /** False: no network looks at the images, so nothing is downloaded. Default true. */
  readonly features?: boolean;
  readonly workers?: number;
  readonly seed?: number;
}

const NAMES: OptionNames<AdviseOptions> = {
  ...DEVICE_NAMES,
  path: true,
  images: true,
  label: true,
  val: true,
  valSplit: true,
  model: true,
  weights: true,
  features: true,
  workers: true,
  seed: true,
};

/** The JSON document of `attune advise <data>`. */
export interface DataAdvice {
  readonly about: 'data';
  readonly facts: DataFacts;
  readonly advice: readonly Advice[];
  readonly proposal: readonly Proposal[];
}

/** The JSON document of `attune advise <run>`. */
export interface RunAdvice {
  readonly about: 'run';
  readonly run: string;
  /** As the run folder has it. */
  readonly recipe: Readonly<Record<string, unknown>>;
  readonly epochs: readonly EpochRecord[];
  readonly facts: DataFacts;
  readonly advice: readonly Advice[];
}

/** Advises. Throws as `finetune` does; 'usage' for an option that is the run's own, and for weights that nobody uses. */
export async function advise(
  options: AdviseOptions,
  context: RunContext = {},
): Promise<DataAdvice | RunAdvice> {
  refuseUnknown(options, NAMES, context, 'advise');
  const isRun = await access(join(options.path, RUN_FILES.recipe)).then(
    () => true,
    () => false,
  );
  return isRun ? adviseRun(options, context) : adviseData(options, context);
}

async function adviseData(options: AdviseOptions, context: RunContext): Promise<DataAdvice> {
  const { valSplit = DEFAULT_VAL_SPLIT, seed = DEFAULT_SEED, model, weights, features } = options;
  const { images: folder = null, label = null, val = null } = options;
  if (features === false && weights !== undefined) throw idleWeights();
  const source = { ...(model !== undefined && { model }), ...(weights !== undefined && { weights }) };
  refuseIdleColumns(options.path, options);
  const split = { images: folder, label, val, valSplit, seed };
  const images = { data: options.path, split, side: null };
  const facts = await look(images, source, options, context);
  return {
    about: 'data',
    facts,
    advice: adviseOnData(facts),
    proposal: proposeRecipe(
      facts,
      model ?? (weights === undefined ? null : (facts.features?.model ?? DEFAULT_MODEL)),
    ),
  };
}

async function adviseRun(options: AdviseOptions, context: RunContext): Promise<RunAdvice> {
  for (const field of ['images', 'label', 'val', 'valSplit', 'model', 'weights', 'seed'] as const) {
    if (options[field] === undefined) continue;
    const flag = field === 'valSplit' ? '--val-split' : `--${field}`;
    throw new AttuneError({
      code: 'usage',
      what: 'a run has its own images and weights, so this cannot stand beside one',
      where: flag,
      hint: 'leave it out, or name the folder of images in place of the run',
    });
  }
  const { path: run } = options;
  const { recipe, epochs, beginning } = await readCurves(run);
  const { data, image_size: side, model, weights, seed } = recipe;
  const images = { data, split: splitOf(recipe), side };
  const facts = await look(images, { model, weights }, { ...options, seed }, context);
  const full = epochs.filter(({ stage }) => stage !== HEAD_STAGE);
  const head = epochs.filter(({ stage }) => stage === HEAD_STAGE).at(-1) ?? null;
  const validation = facts.images.val;
  const { is_split: isSplit } = facts;
  const advice = adviseOnRun({
    recipe,
    input: 'image',
    epochs: full,
    head,
    beginning,
    validation,
    isSplit,
    data: facts,
  });
  return { about: 'run', run, recipe, epochs, facts, advice };
}

/** Not even what they are for would be known: the proposal would name another network. */
function idleWeights(): AttuneError {
  return new AttuneError({
    code: 'usage',
    what: 'no network looks at the images, so its weights would not be used',
    where: '--weights',
    hint: 'leave it out, or leave out --no-features',
  });
}

interface Images {
  readonly data: string;
  readonly split: SplitOptions;
  /** The side of the network's input; null: what the weights were made for. */
  readonly side: number | null;
}

/** Finds the images, loads the network that is to judge them, and looks. */
async function look(
  { data, split, side }: Images,
  source: { readonly model?: string; readonly weights?: string },
  { features = true, seed = DEFAULT_SEED, valSplit, workers, ...device }: Omit<AdviseOptions, 'path'>,
  context: RunContext,
): Promise<DataFacts> {
  const found = await findImages(data, split, context.signal);
  refuseIdleSplit(valSplit, found);
  refuseUnlessImages(found.inputKind, 'attune advise');
  requireClasses(found.task, 'attune advise', data);
  if (found.note !== null) context.onEvent?.({ type: 'note', text: found.note });
  const loaded = features ? await loadModel(source, context) : null;
  if (loaded !== null) tellLeftOut(loaded, context);
  const opened = await openDevice(device, context);
  try {
    const judge =
      loaded === null || side === null ? loaded : { ...loaded, input: resizedInput(loaded.input, side) };
    return await gatherDataFacts(found, { device: opened, loaded: judge, seed, workers }, context);
  } finally {
    await opened.close();
  }
}
