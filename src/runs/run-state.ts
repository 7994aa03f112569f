/**
 * The state of a run: one file that holds all that is needed to go on as if it had never stopped: weights, running
 * statistics, moments, counters, position in the epoch, metrics so far, the images and their hashes.
 *
 * Its tensors are those of training-tensors.ts. Everything else is JSON in the metadata.
 */
import { createHash } from 'node:crypto';
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { type InputInfo, parseInput } from '../inputs/index.js';
import { commandLine } from './command-line.js';
import type { Choices } from '../device/backend.js';
import { AttuneError } from '../errors.js';
import {
  hintForMissing,
  JsonScanner,
  openTensors,
  replaceFile,
  safetensorsPieces,
  type TensorFile,
} from '../formats/index.js';
import type { Network } from '../models/index.js';
import type { Optimizer } from '../optim/index.js';
import { Pauses } from '../pauses.js';
import type { DeviceSummary, EpochRecord, SkippedImage } from '../recipe/results.js';
import { temperatureSchema } from '../tasks/metrics/calibration.js';
import { parseRecipe } from '../recipe/parse-recipe.js';
import { type Recipe, recipeSchema } from '../recipe/recipe-schema.js';
import { constantsToWrite } from './network-constants.js';
import { EVENT_FILE, type LogPosition } from './event-log.js';
import { RUN_FILES } from './run-folder.js';
import { contradictionIn } from './state-check.js';
import { type Beginning, beginningSchema } from './beginning.js';
import { type ImageRecord, imageSchema, labelledSchema, storedImage } from './stored-images.js';
import { trainingTensors } from './training-tensors.js';
import { type Best, bestSchema, type TaskInfo, taskSchema, withMeasures } from '../tasks/index.js';

/** Version of the file's content: raised when fields of the state are added or change their meaning. */
const FORMAT = '8';
/** Images had `label` and `values`, whatever the task, in place of its `target`. */
const FORMAT_OF_LABELS = '7';
/** Likewise, and what a run began with was not measured. */
const FORMAT_WITHOUT_BEGINNING = '6';
/**
 * Its choices of variants held for launches of either precision, where now those for float16 are named apart (`tuningKey`).
 * A run goes on from it unless that would change what it computes.
 */
const FORMAT_OF_SHARED_CHOICES = '5';

/** How far the full stage is. */
export interface Progress {
  /** Epochs completed, and batches done of the one after them. */
  epoch: number;
  batch: number;
  /** Updates of the weights so far. */
  step: number;
  /** Steps of the random generator: one per micro-batch. */
  random: number;
  /** Sums over the batches done of the epoch in progress. */
  loss: number;
  correct: number;
  images: number;
  /** Wall time of the epoch in progress. */
  seconds: number;
  /** Images and time of its steps that count for the speed. */
  timed_images: number;
  timed_seconds: number;
}

/** Choices that change results; made at the start of a run and kept. */
export interface FrozenChoices {
  readonly device: DeviceSummary;
  readonly micro_batch: number;
  /** Whether batch norm above the frontier uses the batch's statistics. */
  readonly batch_norm: 'train' | 'frozen';
  /** Variants of kernels that `attune tune` had found when the run began, by class of launches. */
  readonly variants: Choices;
}

/** Everything but tensors. */
export interface RunState {
  readonly recipe: Recipe;
  readonly frozen: FrozenChoices;
  readonly model: string;
  /** What the weights were called at the start. */
  readonly weights: string;
  readonly task: TaskInfo;
  readonly input: InputInfo;
  readonly images: Readonly<Record<'train' | 'val' | 'test', readonly ImageRecord[]>>;
  readonly skipped: readonly SkippedImage[];
  readonly progress: Progress;
  readonly epochs: readonly EpochRecord[];
  readonly best: Best | null;
  /** The temperature of the weights as the last validation found them; null when there was none. */
  readonly temperature: number | null;
  /** What the full stage began with; null of a run that older versions began. */
  readonly beginning: Beginning | null;
  /** Those that the run went back from; each has lowered its rates. */
  readonly explosions: readonly Explosion[];
  /** Null for a run without event files; one that begins has none yet. */
  readonly events: LogPosition | null;
  /** True when the run has ended: there is nothing to resume, except for more epochs. */
  readonly complete: boolean;
}

/** An explosion that a run went back from. */
export interface Explosion {
  /** Steps done when it was noticed, and in the state that the run went back to. */
  readonly step: number;
  readonly from_step: number;
}

/** By which a file is known. */
export interface Sum {
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Writes the state of a run under a path, where it stands as a whole or not at all. Throws AttuneError 'disk'. */
export async function writeRunState(
  path: string,
  state: RunState,
  model: Network,
  optimizer: Optimizer,
): Promise<Sum> {
  const tensors = await trainingTensors(model, optimizer);
  const pieces = safetensorsPieces(tensors, {
    attune_run: FORMAT,
    state: stateText(state, optimizer),
    ...constantsToWrite(model),
  });
  const hash = createHash('sha256');
  let bytes = 0;
  async function* summed() {
    for await (const piece of pieces) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  await replaceFile(path, summed());
  return { bytes, sha256: hash.digest('hex') };
}

function stateText(state: RunState, { steps }: Optimizer): string {
  const listed = (list: readonly ImageRecord[]) => list.map((image) => storedImage(image, state.task.kind));
  const { train, val, test } = state.images;
  const images = { train: listed(train), val: listed(val), test: listed(test) };
  return JSON.stringify({ ...state, images, optimizer_steps: steps });
}

/** A stored run: its state, and its tensors for as long as the file is open. Closing it twice does no harm. */
export interface StoredRun {
  readonly state: RunState;
  readonly optimizerSteps: number;
  readonly file: TensorFile;
}

/** Throws AttuneError 'input' when there is no such folder. */
export async function assertRunFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => null)) !== null) return;
  throw new AttuneError({
    code: 'input',
    what: 'there is no such run',
    where: folder,
    hint: await hintForMissing(folder, 'name the folder that attune finetune printed'),
  });
}

/** For a folder without any state. */
export function noState(folder: string): AttuneError {
  return new AttuneError({
    code: 'input',
    what: `there is no ${RUN_FILES.state}, so this is no run folder, or its run ended before the first step`,
    where: folder,
    hint: 'name the folder that attune finetune printed, or start a new run',
  });
}

/**
 * Opens the state that is in a folder under a name, whether or not it is as it was saved (saved-states.ts knows). Close
 * `file`. Throws AttuneError 'input' or 'weights' when there is none, or a damaged one, 'interrupted' on the signal.
 */
export async function openRunState(
  folder: string,
  name: string = RUN_FILES.state,
  signal?: AbortSignal,
): Promise<StoredRun> {
  const path = join(folder, name);
  await assertRunFolder(folder);
  if ((await lstat(path).catch(() => null)) === null) throw noState(folder);
  const file = await openTensors(path, { links: 'refuse', signal });
  try {
    const { attune_run: version, state } = file.metadata;
    if (version === undefined || state === undefined) {
      throw new AttuneError({
        code: 'input',
        what: 'the run has no stage to resume: a probe is done at once, from cached features',
        where: folder,
        hint: `run ${commandLine(['finetune'])} again; what was prepared is cached`,
      });
    }
    const isShared = version === FORMAT_OF_SHARED_CHOICES;
    const isOfLabels = version === FORMAT_OF_LABELS || version === FORMAT_WITHOUT_BEGINNING || isShared;
    if (version !== FORMAT && !isOfLabels) throw ofAnotherVersion(path, Number(version) < Number(FORMAT));
    const parsed = await parseState(state, path, isOfLabels, new Pauses(signal));
    if (isShared && hasHalfChoices(parsed.state)) throw ofAnotherVersion(path, true);
    return { ...parsed, file };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Whether a run took choices of variants for launches with float16. */
function hasHalfChoices({ recipe, frozen }: RunState): boolean {
  return recipe.precision === 'mixed' && Object.keys(frozen.variants).length > 0;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(finite, v.minValue(0));
const skippedSchema = v.strictObject({ path: v.string(), reason: v.string() });
/** A list as long as the data set, whose elements are checked by and by. */
const longList = v.custom<readonly unknown[]>(Array.isArray, 'a list is expected');
const number = v.nullable(finite);

/** A line of metrics.jsonl. */
export const epochSchema = withMeasures<EpochRecord>({
  epoch: count,
  stage: v.string(),
  lr: v.record(v.string(), positive),
  train_loss: number,
  val_loss: number,
  seconds: positive,
  images_per_second: number,
});

const stateSchema = v.strictObject({
  recipe: v.unknown(),
  frozen: v.strictObject({
    device: v.strictObject({
      kind: v.picklist(['webgpu', 'cpu']),
      adapter: v.string(),
      software: v.boolean(),
    }),
    micro_batch: v.pipe(count, v.minValue(1)),
    batch_norm: v.picklist(['train', 'frozen']),
    variants: v.record(v.string(), v.string()),
  }),
  model: v.string(),
  weights: v.string(),
  task: taskSchema,
  // A state of format 1 has `preprocessing` in its place.
  input: v.optional(v.unknown()),
  preprocessing: v.optional(v.unknown()),
  images: v.strictObject({ train: longList, val: longList, test: longList }),
  skipped: longList,
  progress: v.strictObject({
    epoch: count,
    batch: count,
    step: count,
    random: count,
    loss: finite,
    correct: count,
    images: count,
    seconds: positive,
    timed_images: count,
    timed_seconds: positive,
  }),
  epochs: v.array(epochSchema),
  best: v.nullable(bestSchema),
  temperature: v.nullable(temperatureSchema),
  beginning: v.optional(v.nullable(beginningSchema), null),
  explosions: v.pipe(v.array(v.strictObject({ step: count, from_step: count })), v.maxLength(2)),
  events: v.nullable(v.strictObject({ file: v.pipe(v.string(), v.regex(EVENT_FILE)), bytes: count })),
  complete: v.boolean(),
  optimizer_steps: count,
});

/** Levels of a state above the elements of its lists. */
const LEVELS = 3;
/** Elements that are checked between two questions for a pause. */
const AT_ONCE = 100;

/** The list of images may have 100 MB: it is built and checked piece by piece, so that Ctrl-C is heard. */
async function parseState(
  text: string,
  path: string,
  isOfLabels: boolean,
  pauses: Pauses,
): Promise<{ state: RunState; optimizerSteps: number }> {
  const json = new JsonScanner(text, pauses, () => damaged(path, 'the state of the run is not JSON'));
  const value = await json.build(LEVELS);
  json.end();
  if (lacksFields(value)) throw ofAnotherVersion(path, true);
  const {
    optimizer_steps,
    recipe,
    input,
    preprocessing,
    images: { train, val, test },
    skipped,
    ...rest
  } = checked(stateSchema, value, path);
  const listed = <T extends v.GenericSchema>(schema: T, list: readonly unknown[], at: string) =>
    checkedList(schema, list, { at, path, pauses });
  const schema = isOfLabels ? labelledSchema : imageSchema(rest.task.kind);
  const state = {
    ...rest,
    images: {
      train: await listed(schema, train, 'images.train'),
      val: await listed(schema, val, 'images.val'),
      test: await listed(schema, test, 'images.test'),
    },
    skipped: await listed(skippedSchema, skipped, 'skipped'),
    recipe: parseRecipe(recipe, path),
    input: parseInput(input ?? { kind: 'image', settings: preprocessing }, path),
  };
  const contradiction = contradictionIn(state, optimizer_steps);
  if (contradiction !== null)
    throw damaged(path, `the state of the run contradicts itself at ${contradiction}`);
  return { state, optimizerSteps: optimizer_steps };
}

/** A part of the state by its schema; `at` is where it stands. Throws AttuneError 'weights'. */
function checked<T extends v.GenericSchema>(
  schema: T,
  part: unknown,
  path: string,
  at = '',
): v.InferOutput<T> {
  const parsed = v.safeParse(schema, part);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = [at, v.getDotPath(issue)].filter(Boolean).join('.') || 'the top';
  throw damaged(path, `the state of the run is wrong at ${place}: ${issue.message}`);
}

async function checkedList<T extends v.GenericSchema>(
  schema: T,
  list: readonly unknown[],
  { at, path, pauses }: { readonly at: string; readonly path: string; readonly pauses: Pauses },
): Promise<v.InferOutput<T>[]> {
  const elements: v.InferOutput<T>[] = [];
  for (const [i, element] of list.entries()) {
    if (i % AT_ONCE === 0 && pauses.due) await pauses.take();
    elements.push(checked(schema, element, path, `${at}.${i}`));
  }
  return elements;
}

/**
 * Whether a state or its recipe lacks fields: damage would not take them out, so they were added since it was written.
 * Those that have a default for earlier versions are not missed.
 */
function lacksFields(value: unknown): boolean {
  const hasAll = (part: unknown, entries: v.ObjectEntries) =>
    typeof part === 'object' &&
    part !== null &&
    Object.entries(entries).every(([field, { type }]) => type === 'optional' || field in part);
  if (!hasAll(value, stateSchema.entries)) return true;
  return !hasAll((value as { readonly recipe: unknown }).recipe, recipeSchema.entries);
}

/** Another version of attune wrote the state: the run is whole, and its exports can be used all the same. */
function ofAnotherVersion(where: string, isOlder: boolean): AttuneError {
  return new AttuneError({
    code: 'input',
    what: `the run was saved by ${isOlder ? 'an older' : 'another'} version of attune, and this one cannot go on with it`,
    where,
    hint: `${isOlder ? 'start the run anew' : 'update attune'}; its best.safetensors can be used as it is`,
  });
}

function damaged(where: string, what: string): AttuneError {
  return new AttuneError({
    code: 'weights',
    what,
    where,
    hint: 'start the run anew; what was prepared is cached',
  });
}

/** What is wrong with the tensors of a stored run. */
export function damagedState(what: string): AttuneError {
  return damaged(RUN_FILES.state, what);
}
