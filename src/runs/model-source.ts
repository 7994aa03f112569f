/** From what a user names (a run, a checkpoint, a model, a weights file) to a model on the host. */
import { stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import {
  beginInput,
  imageExtensions,
  type InputInfo,
  type InputKind,
  inputRow,
  kindOfNetwork,
  networkOptions,
} from '../inputs/index.js';
import { commandLine } from './command-line.js';
import { AttuneError } from '../errors.js';
import { hintForMissing, isThere, openTensors, type TensorFile } from '../formats/index.js';
import {
  constantsOfNames,
  DEFAULT_MODEL,
  findModel,
  type Identity,
  identify,
  imagenetClasses,
  loadTensors,
  MODEL_NAMES,
  modelTensors,
  type ModelEntry,
  type ModelOptions,
  type Network,
  type TensorShape,
} from '../models/index.js';
import { NearestNeighbors, type NearestNeighborsSizes } from '../nn/index.js';
import { hashFile, NO_WEIGHTS, type ResolvedWeights, resolveWeights } from '../weights/index.js';
import { type CheckpointInfo, checkpointInfo } from './checkpoint.js';
import { resolveOptions } from './download-events.js';
import type { ModelSource, RunContext } from '../recipe/options.js';
import { storedConstants } from './network-constants.js';
import { FOLDS_FILE, RUN_FILES } from './run-folder.js';
import { type Task, type TaskInfo, taskOf } from '../tasks/index.js';

export interface LoadedModel {
  readonly model: Network;
  /** What its samples are, and how they are prepared. */
  readonly input: InputInfo;
  /** Whether the last layer is the weights' own; else it is random, and nobody may ask it. */
  readonly hasHead: boolean;
  /** Layers of another head in its place, which were left out. */
  readonly leftOut: readonly string[];
  /** What the outputs stand for. */
  readonly task: Task;
  /** For calibrated probabilities; null where none is known. */
  readonly temperature: number | null;
  /** The column of a CSV file that the labels were in; null where they were in none. */
  readonly label: string | null;
  /** Whether the outputs are ImageNet's 1,000 classes. */
  readonly isImagenet: boolean;
  /** What the weights are called: a catalogue name, a path, or 'none'. */
  readonly weights: string;
  /** Identifies weights and architecture, as a key of caches. */
  readonly weightsHash: string;
}

/** The samples that a network is to learn. */
export interface ToLearn {
  readonly kind: InputKind;
  readonly samples: readonly string[];
}

/** The network of a kind of samples where none is named: the first that takes them, for images the default. */
function usualNetwork(kind: InputKind): string {
  const takes = (name: string) => kindOfNetwork(findModel(name)) === kind;
  return [DEFAULT_MODEL, ...MODEL_NAMES].find(takes) ?? DEFAULT_MODEL;
}

/** The weights of a kind of samples where neither they nor a network is named; null: those of its usual network. */
export function impliedWeights(kind: InputKind): string | null {
  return findModel(usualNetwork(kind)).defaultWeights === null ? NO_WEIGHTS : null;
}

/**
 * Loads a model with its weights. A fine-tuned checkpoint knows its classes and preprocessing; other weights have
 * ImageNet's when they have 1,000 outputs. Throws AttuneError 'input', 'usage', 'weights', 'download', 'disk', and 'usage'
 * for a network that takes other samples than it is to learn.
 */
export async function loadModel(
  source: ModelSource,
  context: RunContext,
  learnt?: ToLearn,
): Promise<LoadedModel> {
  if (source.run !== undefined) {
    refuseBesideRun(source);
    return loadRun(source.run, context);
  }
  const model = source.model ?? (learnt === undefined ? DEFAULT_MODEL : usualNetwork(learnt.kind));
  refuseOtherSamples(findModel(model), learnt, '--model');
  const weights = source.weights ?? (learnt && impliedWeights(learnt.kind)) ?? defaultWeightsOf(model);
  if (weights === NO_WEIGHTS) return untrained(model, context, learnt);
  const resolved = await resolveWeights(weights, resolveOptions(context));
  return fromFile(resolved, context.signal, { model: source.model, learnt });
}

/** A network sees what it is made for. */
function refuseOtherSamples(network: ModelEntry, learnt: ToLearn | undefined, where: string): void {
  const taken = kindOfNetwork(network);
  if (learnt === undefined || taken === learnt.kind) return;
  const wanted = inputRow(learnt.kind);
  throw new AttuneError({
    code: 'usage',
    what: `${network.name} takes ${inputRow(taken).files.many}, and the data set has ${wanted.files.many}`,
    where,
    hint: `use --model ${usualNetwork(learnt.kind)}, or leave --model and --weights out`,
  });
}

/** Which of the two is meant? The other would be left out. */
function refuseBesideRun(source: ModelSource): void {
  for (const name of ['model', 'weights'] as const) {
    if (source[name] === undefined) continue;
    throw new AttuneError({
      code: 'usage',
      what: 'a run has its own model and weights, so this cannot stand beside one',
      where: `--${name}`,
      hint: 'leave it out, or leave out the run',
    });
  }
}

function defaultWeightsOf(model: string): string {
  const { defaultWeights } = findModel(model);
  if (defaultWeights !== null) return defaultWeights;
  throw new AttuneError({
    code: 'usage',
    what: `there are no ready-made weights for ${model}`,
    where: '--model',
    hint: `say where to start with --weights: a file, or ${NO_WEIGHTS} for random values`,
  });
}

async function loadRun(run: string, context: RunContext): Promise<LoadedModel> {
  const file = await checkpointOf(run);
  if (imageExtensions.has(extname(file).toLowerCase())) {
    throw new AttuneError({
      code: 'input',
      what: 'this is an image, where a run or a checkpoint has to stand',
      where: run,
      hint: 'name the run first, then the images',
    });
  }
  return fromFile(await resolveWeights(file, resolveOptions(context)), context.signal, {}, true);
}

/** The best checkpoint of a run folder, or the checkpoint itself. Throws AttuneError 'input'. */
export async function checkpointOf(run: string): Promise<string> {
  const path = resolve(run);
  const status = await stat(path).catch(() => null);
  if (status === null) {
    throw new AttuneError({
      code: 'input',
      what: 'there is no such run or checkpoint',
      where: run,
      hint: await hintForMissing(run, 'check the path'),
    });
  }
  if (!status.isDirectory()) return path;
  const file = join(path, RUN_FILES.best);
  if (!(await isThere(file))) {
    throw new AttuneError({
      code: 'input',
      what: `the folder holds no ${RUN_FILES.best}, so it is no finished run`,
      where: run,
      hint: (await isThere(join(path, FOLDS_FILE)))
        ? `a cross-validation has a network for each fold: name one, such as ${join(run, 'fold-1')}`
        : 'name the folder that attune finetune printed',
    });
  }
  return file;
}

/** The network that a file is asked to be, and what it is to learn. */
interface Wanted {
  readonly model?: string | undefined;
  readonly learnt?: ToLearn | undefined;
}

async function fromFile(
  resolved: ResolvedWeights,
  signal: AbortSignal | undefined,
  wanted: Wanted,
  mustBeCheckpoint = false,
): Promise<LoadedModel> {
  const file = await openTensors(resolved.path, { signal });
  try {
    return await fromTensors(file, resolved, wanted, mustBeCheckpoint);
  } finally {
    await file.close();
  }
}

async function fromTensors(
  file: TensorFile,
  { path, sha256, entry, hub }: ResolvedWeights,
  { model: wanted, learnt }: Wanted,
  mustBeCheckpoint: boolean,
): Promise<LoadedModel> {
  const { info, architecture, options, outputs, stored, leftOut } = await describe(file, path, wanted);
  // A description may stay the same when the numbers in the files beside it change.
  const hashes = [sha256, ...(await Promise.all((file.parts ?? []).map((part) => hashFile(part))))];
  if (mustBeCheckpoint && info === null) {
    throw new AttuneError({
      code: 'input',
      what: 'attune did not write this checkpoint, so its classes are not known',
      where: path,
      hint: `pass it as --weights, with --model where needed`,
    });
  }
  const entryOfModel = findModel(architecture);
  refuseOtherSamples(entryOfModel, learnt, '--weights');
  const preprocessing = hub?.preprocessing ?? entry?.preprocessing ?? null;
  const samples = learnt?.samples ?? null;
  const input = info?.input ?? (await beginInput({ network: entryOfModel, preprocessing, samples }));
  const model = entryOfModel.create({ classes: outputs ?? 1000, ...options });
  if (stored !== null) model.head = new NearestNeighbors({ ...stored, inputs: model.head.inputs });
  const exclude = outputs === null ? [model.headName, ...leftOut] : [];
  await loadTensors(model, file, path, { exclude });
  const isImagenet = info === null ? outputs === imagenetClasses().length : isImagenetTask(info.task);
  // ImageNet's labels are the same ones everywhere, but for their spelling.
  const hubLabels = !isImagenet && hub?.labels?.length === outputs ? hub?.labels : null;
  return {
    model,
    input,
    hasHead: outputs !== null,
    leftOut,
    task: taskOf(info?.task ?? classesOf(hubLabels ?? labelsOf(model.classes, isImagenet))).ofExports,
    temperature: info?.temperature ?? null,
    label: info?.label ?? null,
    isImagenet,
    weights: hub?.name ?? entry?.name ?? path,
    weightsHash: [architecture, ...hashes].join(' '),
  };
}

interface Description {
  readonly info: CheckpointInfo | null;
  readonly architecture: string;
  /** What the network is made with, but for its outputs. */
  readonly options: ModelOptions;
  /** Null when the file has no head, or one that the network does not have. */
  readonly outputs: number | null;
  /** The layers of that. */
  readonly leftOut: readonly string[];
  /** The size of a head of stored images; null where the head is none. */
  readonly stored: Omit<NearestNeighborsSizes, 'inputs'> | null;
}

async function describe(file: TensorFile, path: string, wanted: string | undefined): Promise<Description> {
  const info = checkpointInfo(file, path);
  const tensors = modelTensors(file);
  const found = identify(tensors);
  const architecture = inGraphOf(found, wanted ?? info?.model);
  if (architecture === undefined) {
    throw new AttuneError({
      code: 'weights',
      what: 'the weights are not those of any known model',
      where: path,
      hint: `name the model with --model, or see ${commandLine(['inspect', path])}`,
    });
  }
  if (info !== null && found?.classes !== taskOf(info.task).head.outputs) {
    throw new AttuneError({
      code: 'weights',
      what: `the checkpoint names ${taskOf(info.task).head.outputs} ${taskOf(info.task).plural} and has ${found?.classes ?? 'no'} outputs`,
      where: path,
      hint: 'use another checkpoint of the run',
    });
  }
  // What attune wrote says its constants, or was written when none differed; other files are known by their names.
  const constants = storedConstants(file.metadata, path) ?? (info === null ? constantsOfNames(file) : {});
  const options = { ...found?.options, ...constants };
  if (info !== null) refuseOtherInput(info, architecture, options, path);
  const outputs = found?.classes ?? null;
  const leftOut = found?.otherHead ?? [];
  return {
    info,
    architecture,
    options,
    outputs,
    leftOut,
    stored: storedImages(info, tensors, outputs, path),
  };
}

/** Throws AttuneError 'weights' where the input that the metadata name is not the one that the tensors are for. */
function refuseOtherInput(
  { input }: CheckpointInfo,
  architecture: string,
  options: ModelOptions,
  path: string,
): void {
  const isTaken = input.kind === kindOfNetwork(findModel(architecture));
  const asked = Object.entries(networkOptions(input));
  if (isTaken && asked.every(([name, value]) => options[name as keyof ModelOptions] === value)) return;
  throw new AttuneError({
    code: 'weights',
    what: `the checkpoint names an input that its ${architecture} does not take`,
    where: path,
    hint: 'use another checkpoint of the run',
  });
}

/** What the tensors tell of a head of stored images, which the metadata say that there is. */
function storedImages(
  info: CheckpointInfo | null,
  tensors: readonly TensorShape[],
  outputs: number | null,
  path: string,
): Description['stored'] {
  const neighbors = info?.neighbors ?? null;
  if (neighbors === null || outputs === null) return null;
  const images = tensors.find(({ name }) => name.endsWith('.labels'))?.shape[0] ?? 0;
  if (neighbors <= images) return { images, outputs, neighbors };
  throw new AttuneError({
    code: 'weights',
    what: `the head asks ${neighbors} neighbours and has ${images} samples`,
    where: path,
    hint: 'use another checkpoint of the run',
  });
}

/** The model that is asked for by name, in the graph that the weights are for; without a name the weights' own. */
function inGraphOf(found: Identity | null, wanted: string | undefined): string | undefined {
  if (wanted === undefined) return found?.name;
  const isItsGraph = found?.supported === true && findModel(found.name).graphOf === wanted;
  return isItsGraph ? found.name : wanted;
}

async function untrained(
  name: string,
  { signal }: RunContext,
  learnt: ToLearn | undefined,
): Promise<LoadedModel> {
  const network = findModel(name);
  const samples = learnt?.samples ?? null;
  const input = await beginInput({ network, preprocessing: null, samples, signal });
  const model = network.create(networkOptions(input));
  return {
    model,
    input,
    hasHead: true,
    leftOut: [],
    task: taskOf(classesOf(labelsOf(model.classes, true))),
    temperature: null,
    label: null,
    isImagenet: true,
    weights: NO_WEIGHTS,
    weightsHash: `${name} untrained`,
  };
}

/** Whether the classes are ImageNet's, as weights that were converted have them. */
function isImagenetTask(task: TaskInfo): boolean {
  const { classes } = taskOf(task);
  if (classes === null) return false;
  const known = imagenetClasses();
  return classes.length === known.length && known.every(({ name }, i) => name === classes[i]);
}

/** The label of an output that has none. */
export function placeholderLabel(index: number): string {
  return `class ${index}`;
}

function classesOf(classes: readonly string[]): TaskInfo {
  return { kind: 'classification', classes };
}

function labelsOf(count: number, isImagenet: boolean): string[] {
  return isImagenet
    ? imagenetClasses().map(({ name }) => name)
    : Array.from({ length: count }, (_, i) => placeholderLabel(i));
}
