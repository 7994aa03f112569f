/**
 * Checkpoints: a model's whole state dict as safetensors, with all that `predict` needs in the metadata. Tensor
 * names and layouts are PyTorch's, so other tools read them too.
 */
import * as v from 'valibot';
import { imageInfo, type InputInfo, type Preprocessing, parseInput } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { MOST_JSON, type TensorFile, writeSafetensors } from '../formats/index.js';
import type { Network } from '../models/index.js';
import { NearestNeighbors, stateDict } from '../nn/index.js';
import { temperatureSchema } from '../tasks/metrics/calibration.js';
import { withNamesOnly } from '../recipe/names-only.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { constantsToWrite } from './network-constants.js';
import { rowOf, TASK_KINDS, TASKS, type TaskInfo, taskOf, taskSchema } from '../tasks/index.js';

/** Version of the metadata below. That of 1 had `classes` or `columns` for the task, and `preprocessing` for the input. */
export const CHECKPOINT_FORMAT = '2';

export interface CheckpointInfo {
  /** torchvision's name. */
  readonly model: string;
  readonly task: TaskInfo;
  readonly input: InputInfo;
  /** The same as `input.settings`, by its name in format 1. */
  readonly preprocessing: InputInfo['settings'];
  /** Divides logits where probabilities are to be calibrated; fitted on the validation images (calibration.ts). */
  readonly temperature?: number | null;
  /** How many of the stored images vote, where they are the head; null for a linear one. */
  readonly neighbors?: number | null;
  /** The column of a CSV file that the labels were in, as the recipe has it; null of class folders and of values. */
  readonly label?: string | null;
}

const NEIGHBORS = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)));

/** What is written; that images are prepared so may be said without naming their input. */
export type WrittenInfo = Pick<CheckpointInfo, 'model' | 'task' | 'temperature'> &
  ({ readonly input: InputInfo } | { readonly preprocessing: Preprocessing });

/**
 * Writes a model's values with what describes them; paths of the recipe are cut to names, as the file is handed on. The
 * head of a regression, which is trained on standardised values, is written as one that gives values in the columns'
 * units. Throws AttuneError 'disk'.
 */
export async function writeCheckpoint(
  path: string,
  model: Network,
  info: WrittenInfo,
  recipe: Partial<Recipe>,
): Promise<void> {
  const state = await stateDict(model);
  const { exportHead } = taskOf(info.task);
  if (exportHead !== null) {
    const of = (name: string) => state.get(`${model.headName}.${name}`)?.data as Float32Array;
    exportHead(of('weight'), of('bias'));
  }
  const tensors = [...state.values()].map(({ name, dtype, shape, data }) => ({ name, dtype, shape, data }));
  await writeSafetensors(path, tensors, {
    attune: CHECKPOINT_FORMAT,
    model: info.model,
    task: JSON.stringify(info.task),
    input: JSON.stringify('input' in info ? info.input : imageInfo(info.preprocessing)),
    recipe: JSON.stringify(withNamesOnly(recipe)),
    ...constantsToWrite(model),
    ...(typeof info.temperature === 'number' && { temperature: JSON.stringify(info.temperature) }),
    ...(model.head instanceof NearestNeighbors && { neighbors: JSON.stringify(model.head.neighbors) }),
  });
}

/** What a graph for other programs says of the same, by its own names: what its outputs stand for, and how images are prepared. */
export function plainMetadata(task: TaskInfo, input: InputInfo): Record<string, string> {
  const { named } = rowOf(task.kind);
  return {
    [named]: JSON.stringify(task[named as keyof TaskInfo]),
    preprocessing: JSON.stringify(input.settings),
  };
}

/** What a file's metadata says, or null when attune did not write it. Throws AttuneError 'weights' when it is damaged. */
export function checkpointInfo({ metadata }: TensorFile, path: string): CheckpointInfo | null {
  if (metadata.attune === undefined) return null;
  if (metadata.attune !== CHECKPOINT_FORMAT && metadata.attune !== '1') {
    throw damaged(path, `checkpoints of version ${metadata.attune} are not known`, 'update attune');
  }
  const task = taskIn(metadata, path);
  if (task === null || metadata.model === undefined)
    throw damaged(path, 'the metadata lack the model or its classes');
  const temperature = v.safeParse(
    v.nullable(temperatureSchema),
    parseJson(metadata.temperature ?? 'null', path),
  );
  if (!temperature.success)
    throw damaged(path, 'the temperature in the metadata is no positive number from 0.01 to 100');
  const neighbors = v.safeParse(NEIGHBORS, parseJson(metadata.neighbors ?? 'null', path));
  if (!neighbors.success)
    throw damaged(path, 'the neighbors in the metadata are no whole number of 1 to 10,000');
  const input = inputIn(metadata, path);
  return {
    model: metadata.model,
    task,
    temperature: temperature.output,
    neighbors: neighbors.output,
    label: labelIn(metadata),
    input,
    preprocessing: input.settings,
  };
}

/** Only a name to look for: a recipe that is none says nothing of it. */
function labelIn({ recipe = '' }: Readonly<Record<string, string>>): string | null {
  const schema = v.pipe(v.string(), v.maxLength(MOST_JSON), v.parseJson(), v.object({ label: v.string() }));
  const parsed = v.safeParse(schema, recipe);
  return parsed.success ? parsed.output.label : null;
}

function inputIn(metadata: Readonly<Record<string, string>>, path: string): InputInfo {
  return metadata.attune === '1'
    ? parseInput({ kind: 'image', settings: parseJson(metadata.preprocessing, path) }, path)
    : parseInput(parseJson(metadata.input, path), path);
}

/** Null when the metadata say nothing valid of it. */
function taskIn(metadata: Readonly<Record<string, string>>, path: string): TaskInfo | null {
  if (metadata.attune !== '1') {
    const parsed = v.safeParse(taskSchema, parseJson(metadata.task, path));
    return parsed.success ? parsed.output : null;
  }
  // Of tasks that call their names alike, the first is the one that format 1 knew.
  const fields = [...new Set(TASK_KINDS.map((name) => TASKS[name].named))];
  const named = fields.findLast((field) => metadata[field] !== undefined) ?? fields[0];
  const kind = TASK_KINDS.find((name) => TASKS[name].named === named) ?? TASK_KINDS[0];
  const value = { kind, [named]: parseJson(metadata[named], path) };
  const parsed = v.safeParse(taskSchema, value);
  return parsed.success ? parsed.output : null;
}

function parseJson(text: string | undefined = '', path: string): unknown {
  if (text.length > MOST_JSON)
    throw damaged(path, `a text in the metadata of the checkpoint has more than ${MOST_JSON} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(path, 'the metadata of the checkpoint are damaged');
  }
}

function damaged(where: string, what: string, hint = 'use another checkpoint of the run'): AttuneError {
  return new AttuneError({ code: 'weights', what, where, hint });
}
