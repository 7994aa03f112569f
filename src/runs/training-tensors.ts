/**
 * What a training goes on from, as tensors of a file: weights and running statistics under `model.`, moments under
 * theirs, all as the device has them, so that nothing is rounded or reordered.
 */
import type { TypedArray } from '../device/dtype.js';
import type { AttuneError } from '../errors.js';
import type { TensorFile, TensorToWrite } from '../formats/index.js';
import type { Module } from '../nn/index.js';
import { type Optimizer, readKept } from '../optim/index.js';

/** The tensor of mixed precision's loss scale (ops/update/loss-scale.ts). */
const LOSS_SCALE = 'loss_scale';

/** What `trainingTensors` gives, without the values. */
export function trainingShapes(
  model: Module,
  optimizer: Optimizer,
): { readonly name: string; readonly shape: readonly number[] }[] {
  const { arenas, memory, scaling } = optimizer;
  const names = parameterNames(model);
  return [
    ...Array.from(model.namedArrays(), ({ name, array }) => ({ name: `model.${name}`, shape: array.shape })),
    ...Object.keys(arenas).flatMap((moment) =>
      memory.parameters.map((one) => ({ name: `${moment}.${names.get(one)}`, shape: one.shape })),
    ),
    ...(scaling === null ? [] : [{ name: LOSS_SCALE, shape: scaling.shape }]),
  ];
}

export async function trainingTensors(model: Module, optimizer: Optimizer): Promise<TensorToWrite[]> {
  const { memory, scaling } = optimizer;
  const values = await model.readValues();
  const kept = await readKept(optimizer);
  const data = [
    ...Array.from(model.namedArrays(), ({ array }) => values.get(array)),
    ...Array.from(kept.values()).flatMap((arrays) => memory.parameters.map((one) => arrays.get(one))),
    ...(scaling === null ? [] : [await scaling.device.read(scaling)]),
  ] as TypedArray[];
  return trainingShapes(model, optimizer).map(({ name, shape }, i) => {
    return { name, dtype: data[i] instanceof Float64Array ? 'F64' : 'F32', shape, data: data[i] };
  });
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
  const precision = model.isPlaced ? model.memory.device.precision : 'float32';
  for (const { name, array } of model.namedArrays())
    array.set(await stored(`model.${name}`, array.shape).read(precision));
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
  const { precision } = optimizer.memory.device;
  optimizer.steps = steps;
  for (const [moment, arena] of Object.entries(optimizer.arenas)) {
    for (const [i, place] of arena.places.entries()) {
      const name = `${moment}.${names.get(optimizer.memory.parameters[i])}`;
      arena.device.write(arena.view(i), await stored(name, place.shape).read(precision));
    }
  }
  const { scaling } = optimizer;
  if (scaling !== null)
    scaling.device.write(scaling, await stored(LOSS_SCALE, scaling.shape).read(precision));
}

function storedTensors(file: TensorFile, fail: (what: string) => AttuneError) {
  const entries = new Map(file.tensors.map((entry) => [entry.name, entry]));
  return (name: string, shape: readonly number[]) => {
    const entry = entries.get(name);
    const isFloat = entry?.dtype === 'F32' || entry?.dtype === 'F64';
    if (entry !== undefined && isFloat && String(entry.shape) === String(shape)) return entry;
    throw fail(`there is no tensor ${name} of floats of shape [${shape.join(', ')}]`);
  };
}
