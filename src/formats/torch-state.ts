/**
 * From what a pickle built to the tensors that are offered: finds the state dict in a training checkpoint, checks that
 * its entries are tensors, and reads a tensor through its strides.
 */

import type { Pauses } from '../pauses.js';
import type { ByteSource } from './bytes.js';
import { tensorEntry } from './floats.js';
import { type PickleDict, PickleGlobal, PickleTuple, type PickleValue } from './pickle.js';
import {
  byteLength,
  MAX_TENSOR_BYTES,
  MAX_TENSORS,
  type SkippedEntry,
  type TensorEntry,
  weightsError,
  quote,
} from './tensors.js';
import { gather } from './strided.js';
import { extentOf, type TorchStorage, TorchTensor } from './torch-objects.js';

/** Where the weights are in a training checkpoint, the first that is there. Averaged weights come last. */
const STATE_DICT_KEYS = [
  ...[
    'state_dict',
    'model_state_dict',
    'model',
    'model_state',
    'net',
    'network',
    'module',
    'weights',
    'params',
  ],
  ...['model_ema', 'state_dict_ema', 'ema_state_dict', 'ema'],
];

/**
 * Views may share bytes, so reading all tensors may read more than the file has. This bounds by how much, so that a
 * small hostile file cannot ask for endless work.
 */
const SHARED_FACTOR = 8;
const SHARED_FLOOR = 64 * 2 ** 20;

/** Reads `length` bytes of a storage from its byte `start` on, checked where the file has checksums. */
export type StoredBytes = (start: number, length: number) => Promise<Uint8Array>;

export interface StateDict {
  readonly tensors: TensorEntry[];
  readonly skipped: SkippedEntry[];
}

/**
 * Offers the tensors of the state dict in `root`, which is a state dict itself or a checkpoint that contains one.
 * @param locate the bytes of a storage in `source`; called once for each tensor
 * @throws AttuneError 'weights' if there is no state dict, or if one of its entries is neither a tensor nor a plain
 *   value.
 */
export async function readStateDict(
  root: PickleValue,
  source: ByteSource,
  locate: (storage: TorchStorage) => StoredBytes,
): Promise<StateDict> {
  const { dict, skipped } = findStateDict(root, `${source.name}, state dict`);
  const tensors: TensorEntry[] = [];
  let budget = SHARED_FACTOR * source.size + SHARED_FLOOR;
  for (const [name, value] of dict) {
    if (source.pauses.due) await source.pauses.take();
    if (typeof name !== 'string')
      throw weightsError(
        `${source.name}, state dict`,
        `the state dict has the key ${name}, which is no name`,
      );
    const where = `${source.name}, tensor ${quote(name)}`;
    if (value instanceof TorchTensor) {
      if (tensors.length === MAX_TENSORS)
        throw weightsError(source.name, `there are more than ${MAX_TENSORS} tensors`);
      budget -= bytesToRead(value, where);
      if (budget < 0) throw weightsError(where, 'the tensors of the file share their bytes too often');
      tensors.push(entryOf(name, value, locate(value.storage), where, source.pauses));
    } else if (isPlain(value)) {
      skipped.push({ name, kind: kindOf(value) });
    } else {
      throw weightsError(
        where,
        `the entry is a ${kindOf(value)} instead of a tensor`,
        'save a plain state dict',
      );
    }
  }
  return { tensors, skipped };
}

function findStateDict(root: PickleValue, where: string): { dict: PickleDict; skipped: SkippedEntry[] } {
  if (root instanceof Map) {
    for (const key of STATE_DICT_KEYS) {
      const dict = root.get(key);
      if (!(dict instanceof Map) || !hasTensors(dict)) continue;
      const others = [...root].filter(([name]) => name !== key);
      return { dict, skipped: others.map(([name, value]) => ({ name: String(name), kind: kindOf(value) })) };
    }
    if (hasTensors(root)) return { dict: root, skipped: [] };
  }
  throw weightsError(
    where,
    `the file holds a ${kindOf(root)} without a state dict`,
    `save the weights with torch.save(model.state_dict(), ...); in a checkpoint they may be under ${STATE_DICT_KEYS.join(', ')}`,
  );
}

function hasTensors(dict: PickleDict): boolean {
  for (const value of dict.values()) if (value instanceof TorchTensor) return true;
  return false;
}

function isPlain(value: PickleValue): boolean {
  return value === null || typeof value !== 'object';
}

/** What a value is, in Python's words. */
function kindOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (value instanceof Map) return 'dictionary';
  if (value instanceof PickleTuple) return 'tuple';
  if (value instanceof PickleGlobal) return value.name;
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return value.kind;
  return typeof value === 'bigint' ? 'number' : typeof value;
}

/** Bytes of the storage from the first to the last element of the tensor, or of its result if that is larger. */
function bytesToRead({ storage, shape, strides }: TorchTensor, where: string): number {
  const size = byteLength(storage.dtype, shape);
  if (size === undefined) throw weightsError(where, `the shape [${shape}] is too large`);
  return Math.max(size, spanOf(shape, strides, storage.itemSize));
}

function spanOf(shape: readonly number[], strides: readonly number[], itemSize: number): number {
  // The host has checked that the extent lies inside the storage.
  return (extentOf(shape, strides) as number) * itemSize;
}

function entryOf(
  name: string,
  tensor: TorchTensor,
  readStored: StoredBytes,
  where: string,
  pauses: Pauses,
): TensorEntry {
  const { storage, offset, shape, strides } = tensor;
  const { dtype, itemSize } = storage;
  return tensorEntry({ name, dtype, shape }, where, async () => {
    const size = bytesToRead(tensor, where);
    if (size > MAX_TENSOR_BYTES) {
      throw weightsError(where, `the tensor takes ${size} bytes, more than ${MAX_TENSOR_BYTES}`, 'split it');
    }
    const span = await readStored(offset * itemSize, spanOf(shape, strides, itemSize));
    return isContiguous(shape, strides) ? span : gather(span, shape, strides, itemSize, pauses);
  });
}

/** True if the elements lie in row-major order without gaps. The stride of a dimension of 1 does not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}
