/**
 * Between two steps of a loop of one's own: what PyTorch's users save as the state dicts of model and optimiser. A run of
 * `finetune` saves itself (runs/run-state.ts).
 */
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { openTensorFile, replaceFile, safetensorsPieces, type TensorFile } from '../formats/index.js';
import { Module } from '../nn/index.js';
import { Optimizer } from '../optim/index.js';
import { restoreModel, restoreOptimizer, trainingShapes, trainingTensors } from '../runs/training-tensors.js';

/** Version of the metadata. */
const FORMAT = '1';

/** What a loop trains, and what with. */
export interface ModelAndOptimizer {
  readonly model: Module;
  /** Made for this model's memory. */
  readonly optimizer: Optimizer;
}

const number = v.pipe(v.number(), v.finite(), v.minValue(0));
const stateSchema = v.strictObject({
  steps: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  momentum: number,
  groups: v.array(v.strictObject({ name: v.string(), lr: number, weightDecay: number })),
  more: v.unknown(),
});

/**
 * Writes weights, running statistics, moments, the count of steps, and the groups' rates and decays to a safetensors
 * file, which stands there as a whole or not at all. `more` is what else the loop goes on from, such as the epoch and the
 * step of its random numbers: anything that JSON can hold.
 *
 * Waits for the programs that were started before. Throws AttuneError 'disk' when the file cannot be written, 'usage' for
 * `more` that JSON cannot hold.
 */
export async function saveTraining(
  path: string,
  training: ModelAndOptimizer,
  more: unknown = null,
): Promise<void> {
  const { model, optimizer } = checked(training, 'saveTraining');
  const groups = optimizer.groups.map(({ name, lr, weightDecay }) => ({ name, lr, weightDecay }));
  const { steps, momentum } = optimizer;
  const state = jsonOf({ steps, momentum, groups, more });
  const tensors = await trainingTensors(model, optimizer);
  await replaceFile(path, safetensorsPieces(tensors, { attune_training: FORMAT, state }));
}

/**
 * Puts what `saveTraining` wrote into a model and an optimiser made as those that were saved, on any device; returns
 * `more`. Training then goes on as if it had never stopped, on a device of the same precision: what a float64 device
 * saved is kept as it is by a float64 device, and rounded by any other.
 *
 * Throws AttuneError 'input' or 'disk' when the file cannot be opened, 'weights' when it is no such file, is damaged, or
 * is another model's, optimiser's or other groups', before anything is changed.
 */
export async function loadTraining(path: string, training: ModelAndOptimizer): Promise<unknown> {
  const { model, optimizer } = checked(training, 'loadTraining');
  const fail = (what: string) =>
    new AttuneError({
      code: 'weights',
      what,
      where: path,
      hint: 'make model and optimiser as those that were saved, or save them again',
    });
  const file = await openTensorFile(path);
  try {
    const { steps, momentum, groups, more } = parsed(file, fail);
    const names = optimizer.groups.map(({ name }) => name);
    if (String(groups.map(({ name }) => name)) !== String(names))
      throw fail(
        `the groups are ${groups.map(({ name }) => name).join(', ')}, those of the optimiser ${names.join(', ')}`,
      );
    assertSameTensors(file, { model, optimizer }, fail);
    await restoreModel(file, model, fail);
    await restoreOptimizer(file, steps, model, optimizer, fail);
    optimizer.momentum = momentum;
    optimizer.groups.forEach((group, i) => {
      group.lr = groups[i].lr;
      group.weightDecay = groups[i].weightDecay;
    });
    return more;
  } finally {
    await file.close();
  }
}

/** Checks what JavaScript gives. A loop may keep more in the object. */
function checked(training: ModelAndOptimizer, where: string): ModelAndOptimizer {
  if (training?.model instanceof Module && training.optimizer instanceof Optimizer) return training;
  const what = 'there is no model, or no optimiser';
  throw new AttuneError({ code: 'usage', what, where, hint: 'give { model, optimizer }' });
}

function parsed({ metadata }: TensorFile, fail: (what: string) => AttuneError) {
  const { attune_training: version, state } = metadata;
  if (version === undefined || state === undefined) throw fail('the file was not written by saveTraining');
  if (version !== FORMAT) throw fail('the file is of another version of attune');
  let value: unknown;
  try {
    value = JSON.parse(state);
  } catch {
    throw fail('the state of the training is not JSON');
  }
  const result = v.safeParse(stateSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw fail(`the state of the training is wrong at ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`);
}

/** Throws unless the file has just the tensors, of the shapes, that would be saved now, all of them of floats. */
function assertSameTensors(
  file: TensorFile,
  { model, optimizer }: ModelAndOptimizer,
  fail: (what: string) => AttuneError,
): void {
  const shown = (tensors: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    new Set(tensors.map(({ name, shape }) => `${name} of shape [${shape.join(', ')}]`));
  const stored = shown(file.tensors);
  const wanted = shown(trainingShapes(model, optimizer));
  const without = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...some].filter((tensor) => !others.has(tensor));
  const missing = without(wanted, stored);
  const surplus = without(stored, wanted);
  if (missing.length > 0) throw fail(`${missing.length} tensors are missing, the first ${missing[0]}`);
  if (surplus.length > 0) throw fail(`${surplus.length} tensors are too many, the first ${surplus[0]}`);
  const other = file.tensors.find(({ dtype }) => dtype !== 'F32' && dtype !== 'F64');
  if (other !== undefined) throw fail(`the tensor ${other.name} holds ${other.dtype}, not F32 or F64`);
}

/** Throws AttuneError 'usage' for what JSON cannot hold: it would be missing, or null, when it is loaded. */
function jsonOf(state: object): string {
  try {
    return JSON.stringify(state, (_, value: unknown) => {
      const isHeld = typeof value === 'number' ? Number.isFinite(value) : !UNHELD.includes(typeof value);
      if (!isHeld) throw new RangeError(`JSON has no ${String(value)}`);
      return value;
    });
  } catch (cause) {
    throw new AttuneError(
      {
        code: 'usage',
        what: 'what is to be saved beside the training is nothing that JSON can hold',
        where: 'saveTraining',
        hint: 'give finite numbers, strings, and lists and objects of them',
      },
      { cause },
    );
  }
}

const UNHELD: readonly string[] = ['function', 'symbol', 'bigint'];
