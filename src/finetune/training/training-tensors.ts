/**
 * What a training goes on from, as tensors of a file: weights and running statistics under `model.`, moments under
 * theirs, all as the device has them, so that nothing is rounded or reordered.
 */
import type { AttuneError } from '../../errors.js';
import type { TensorFile, TensorToWrite } from '../../formats/index.js';
import type { Module } from '../../nn/index.js';
import { type Optimizer, readKept } from '../../optim/index.js';

/** The tensor of mixed precision's loss scale (ops/loss-scale.ts). */
const LOSS_SCALE = 'loss_scale';

export async function trainingTensors(model: Module, optimizer: Optimizer): Promise<TensorToWrite[]> {
  const tensors: TensorToWrite[] = [];
  const add = (name: string, shape: readonly number[], data: ArrayBufferView | undefined) => {
    const dtype = data instanceof Float64Array ? 'F64' : 'F32';
    tensors.push({ name, dtype, shape, data: data as ArrayBufferView });
  };
  const values = await model.readValues();
  for (const { name, array } of model.namedArrays()) add(`model.${name}`, array.shape, values.get(array));
  const names = parameterNames(model);
  for (const [moment, arrays] of await readKept(optimizer)) {
    for (const [parameter, data] of arrays) add(`${moment}.${names.get(parameter)}`, parameter.shape, data);
  }
  const { scaling } = optimizer;
  if (scaling !== null) add(LOSS_SCALE, scaling.shape, await scaling.device.read(scaling));
  return tensors;
}

function parameterNames(model: Module): Map<unknown, string> {
  return new Map(Array.from(model.namedParameters(), ([name, parameter]) => [parameter, name]));
}

/** Sets the model's arrays, on the host or on its device. Throws what `fail` makes of one that is missing or misshapen. */
export async function restoreModel(
  file: TensorFile,
  model: Module,
  fail: (what: string) => AttuneError,
): Promise<void> {
  const stored = storedTensors(file, fail);
  for (const { name, array } of model.namedArrays())
    array.set(await stored(`model.${name}`, array.shape).read());
}

/** Writes the stored moments into an optimiser's arenas, and sets its counter. Throws as `restoreModel` does. */
export async function restoreOptimizer(
  file: TensorFile,
  steps: number,
  model: Module,
  optimizer: Optimizer,
  fail: (what: string) => AttuneError,
): Promise<void> {
  const stored = storedTensors(file, fail);
  const names = parameterNames(model);
  optimizer.steps = steps;
  for (const [moment, arena] of Object.entries(optimizer.arenas)) {
    for (const [i, place] of arena.places.entries()) {
      const name = `${moment}.${names.get(optimizer.memory.parameters[i])}`;
      arena.device.write(arena.view(i), await stored(name, place.shape).read());
    }
  }
  const { scaling } = optimizer;
  if (scaling !== null) scaling.device.write(scaling, await stored(LOSS_SCALE, scaling.shape).read());
}

function storedTensors(file: TensorFile, fail: (what: string) => AttuneError) {
  const entries = new Map(file.tensors.map((entry) => [entry.name, entry]));
  return (name: string, shape: readonly number[]) => {
    const entry = entries.get(name);
    if (entry !== undefined && String(entry.shape) === String(shape)) return entry;
    throw fail(`there is no tensor ${name} of shape [${shape.join(', ')}]`);
  };
}
