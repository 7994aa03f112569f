/**
 * A model's state dict as other programs expect it in a file: with PyTorch's counters of batches, which attune itself
 * can do without, and by the names of the library that is to read it.
 */
import { AttuneError } from '../../errors.js';
import type { TensorFile } from '../../formats/tensors.js';
import type { TensorToWrite } from '../../formats/to-write.js';
import { BatchNorm2d } from '../../nn/batch-norm.js';
import type { Module } from '../../nn/module.js';
import { stateDict, stripPrefixes } from '../../nn/state-dict.js';
import { familyOf } from '../families.js';
import type { NameLibrary, Naming } from '../family.js';
import { JOINS, partOf } from '../joins.js';
import type { Network } from '../network.js';
import { fromModel, modelTensors, partsOf } from '../naming.js';

/** `running_var` is the last of the arrays that a batch norm has; PyTorch's counter stands behind it. */
const BEFORE_COUNTER = 'running_var';
const COUNTER = 'num_batches_tracked';

/** How many batches each batch norm has seen in training, by the name of the counter. */
export type BatchCounters = ReadonlyMap<string, bigint>;

/**
 * The tensors of `model.state_dict()` in PyTorch, in its order and layout, with a counter for every batch norm: from
 * `counters`, else 0. PyTorch asks for it when it loads strictly, and uses it only where momentum is None.
 */
export async function torchStateDict(
  model: Module,
  counters: BatchCounters = new Map(),
): Promise<TensorToWrite[]> {
  const values = await stateDict(model);
  return Array.from(model.namedArrays()).flatMap(({ name, owner, field }) => {
    const { dtype, shape, data } = values.get(name)!;
    const tensor: TensorToWrite = { name, dtype, shape, data };
    if (!(owner instanceof BatchNorm2d && field === BEFORE_COUNTER)) return [tensor];
    const counter = name.slice(0, -BEFORE_COUNTER.length) + COUNTER;
    const count = BigInt64Array.of(counters.get(counter) ?? 0n);
    return [tensor, { name: counter, dtype: 'I64', shape: [], data: count }];
  });
}

/** The counters of a file, by the model's names. */
export async function readCounters(file: TensorFile): Promise<BatchCounters> {
  const counters = new Map<string, bigint>();
  const names = modelTensors(file).map(({ name }) => stripPrefixes(name));
  // Where some are joined it is a network without batch norms.
  if (names.length !== file.tensors.length) return counters;
  for (const [i, { dtype, shape, readRaw }] of file.tensors.entries()) {
    if (!names[i].endsWith(`.${COUNTER}`) || dtype !== 'I64' || shape.length > 0) continue;
    const { buffer, byteOffset } = await readRaw();
    counters.set(names[i], new DataView(buffer, byteOffset).getBigInt64(0, true));
  }
  return counters;
}

/**
 * A state dict by a library's names, and as many tensors as it has. Throws AttuneError 'usage' when the library does not
 * have the network.
 */
export function inNamesOf(
  library: NameLibrary,
  architecture: string,
  tensors: readonly TensorToWrite[],
): readonly TensorToWrite[] {
  if (library === 'torchvision') return tensors;
  const names = familyOf(architecture)?.libraries?.[library];
  if (names !== undefined && names.network(architecture) !== null) {
    const { naming } = names;
    return naming === null ? tensors : tensors.flatMap((tensor) => named(tensor, naming));
  }
  throw new AttuneError({
    code: 'usage',
    what: `${library} has no network with the layers of ${architecture}`,
    where: '--names',
    hint: 'leave it out',
  });
}

/** A tensor by other names: one, or those that it is made of. */
function named(tensor: TensorToWrite, naming: Naming): TensorToWrite[] {
  const parts = partsOf(naming, tensor.name);
  if (parts === null) return [{ ...tensor, name: fromModel(naming, tensor.name) }];
  const { dtype, shape, data } = tensor;
  const { names, join } = parts;
  const values = async () => {
    const { buffer, byteOffset, byteLength } = typeof data === 'function' ? await data() : data;
    const Values = dtype === 'F64' ? Float64Array : Float32Array;
    return new Values(buffer as ArrayBuffer, byteOffset, byteLength / Values.BYTES_PER_ELEMENT);
  };
  return names.map((name, index) => ({
    name,
    dtype,
    shape: JOINS[join].partShape(shape, names.length),
    data: async () => partOf(join, await values(), shape, index, names.length),
  }));
}

/**
 * What a library calls the network that loads such a state dict; null where it has none with these layers, as of Keras's
 * graphs, whose tensors keep the names of Keras's layers.
 */
export function networkIn(library: NameLibrary, architecture: string): string | null {
  return familyOf(architecture)?.libraries?.[library]?.network(architecture) ?? null;
}

/** The description of a network by which Hugging Face's programs make it; null where none is written. */
export function hubConfigOf(model: Network): Readonly<Record<string, unknown>> | null {
  return familyOf(model.architecture)?.libraries?.huggingface?.config?.(model) ?? null;
}

export { NAME_LIBRARIES, type NameLibrary } from '../family.js';
