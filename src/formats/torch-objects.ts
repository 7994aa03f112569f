/**
 * The few PyTorch objects that a file of weights is made of: storages (flat memory), tensors (a view of a storage by
 * offset, shape and strides), data types, sizes and ordered dictionaries. A tensor is only described here; its bytes
 * are elsewhere in the file.
 */

import {
  type PickleDict,
  PickleGlobal,
  type PickleHost,
  type PickleKey,
  PickleObject,
  PickleTuple,
  type PickleValue,
} from './pickle.js';
import { type Dtype, DTYPE_BITS, elementCount, MAX_RANK, weightsError } from './tensors.js';

/** Flat memory of one data type, stored under `key`. */
export class TorchStorage extends PickleObject {
  readonly kind = 'storage';
  readonly key: string;
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly length: number;

  constructor(key: string, dtype: Dtype, length: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.length = length;
  }

  get itemSize(): number {
    return DTYPE_BITS[this.dtype] / 8;
  }
}

/** Part of a storage; only files from before PyTorch 0.4 use it other than as the whole. */
class StorageView extends PickleObject {
  readonly kind = 'storage view';
  readonly storage: TorchStorage;
  readonly start: number;
  readonly length: number;

  constructor(storage: TorchStorage, start: number, length: number) {
    super();
    this.storage = storage;
    this.start = start;
    this.length = length;
  }
}

/** A tensor as a view of a storage. Offset and strides count elements; the whole view lies inside the storage. */
export class TorchTensor extends PickleObject {
  readonly kind = 'tensor';
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super();
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** PyTorch's names of flat memory. */
export const STORAGE_TYPES: Readonly<Record<string, Dtype>> = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  ComplexFloatStorage: 'C64',
};

/** Data types may stand as plain values in a checkpoint. */
const DTYPE_NAMES = [
  ...['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'],
  ...['complex64', 'complex128', 'float', 'double', 'half', 'long', 'int', 'short'],
];

/** A pickle host that builds the objects above and keeps the storages that the pickle referred to. */
export class TorchHost implements PickleHost {
  /** Every storage by its key, in order of first use. */
  readonly storages = new Map<string, TorchStorage>();
  readonly #where: string;
  readonly #globals = new Map<string, PickleGlobal>();
  readonly #storageTypes = new Map<PickleValue, Dtype>();

  /** @param where what to call the pickle in an error */
  constructor(where: string) {
    this.#where = where;
    this.#define('collections.OrderedDict', (args) => this.#orderedDict(args));
    this.#define('torch.Size', (args) => this.#size(args));
    this.#define('torch._utils._rebuild_tensor_v2', (args) => this.#tensor(args));
    // The form before PyTorch 0.4, with the first four arguments only: the oldest published files have it.
    this.#define('torch._utils._rebuild_tensor', (args) => this.#tensor(args));
    this.#define('torch._utils._rebuild_parameter', (args) => this.#parameter(args));
    this.#define('torch.nn.parameter.Parameter', (args) => this.#parameter(args));
    for (const name of DTYPE_NAMES) this.#define(`torch.${name}`);
    for (const [name, dtype] of Object.entries(STORAGE_TYPES)) {
      this.#storageTypes.set(this.#define(`torch.${name}`), dtype);
      this.#storageTypes.set(this.#define(`torch.cuda.${name}`), dtype);
    }
  }

  readonly global = (name: string): PickleGlobal | undefined => this.#globals.get(name);

  /** ('storage', type, key, device, number of elements[, (view key, first element, number of elements) or None]) */
  readonly persistent = (id: PickleValue): PickleValue => {
    const [tag, type, key, , length, view = null] = id instanceof PickleTuple ? id.items : [];
    const dtype = type === undefined ? undefined : this.#storageTypes.get(type);
    if (tag !== 'storage' || dtype === undefined || typeof key !== 'string' || !isCount(length)) {
      throw this.#error('a persistent identifier does not describe a storage');
    }
    const known = this.storages.get(key);
    const storage = known ?? new TorchStorage(key, dtype, length);
    if (storage.dtype !== dtype || storage.length !== length) {
      throw this.#error(`storage ${JSON.stringify(key)} is described in two ways`);
    }
    if (elementCount([length, storage.itemSize]) === undefined) {
      throw this.#error(`storage ${JSON.stringify(key)} of ${length} elements is too large`);
    }
    this.storages.set(key, storage);
    return this.#storageView(storage, view);
  };

  #define(name: string, call?: (args: readonly PickleValue[]) => PickleValue): PickleGlobal {
    const value = new PickleGlobal(name, call);
    this.#globals.set(name, value);
    return value;
  }

  #storageView(storage: TorchStorage, view: PickleValue): PickleValue {
    if (view === null) return new StorageView(storage, 0, storage.length);
    const [, start, length] = view instanceof PickleTuple ? view.items : [];
    if (!isCount(start) || !isCount(length) || start + length > storage.length) {
      throw this.#error(`a view of storage ${JSON.stringify(storage.key)} is not inside it`);
    }
    return new StorageView(storage, start, length);
  }

  /** Without arguments, or as Python 2 wrote it: with a list of [key, value] pairs. */
  #orderedDict(args: readonly PickleValue[]): PickleDict {
    const dict = new Map<PickleKey, PickleValue>();
    const [pairs = []] = args;
    if (args.length > 1 || !Array.isArray(pairs))
      throw this.#error('an OrderedDict is made of something else than pairs');
    for (const pair of pairs) {
      const [key, value] = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
      if (typeof key !== 'string' || value === undefined || dict.has(key)) {
        throw this.#error('an OrderedDict is made of something else than pairs with different names');
      }
      dict.set(key, value);
    }
    return dict;
  }

  #size(args: readonly PickleValue[]): PickleValue {
    const [dimensions = new PickleTuple([])] = args;
    if (!(dimensions instanceof PickleTuple)) throw this.#error('a torch.Size is not made of a tuple');
    return dimensions;
  }

  /** (tensor, requires_grad, hooks): training state that weights do not need. */
  #parameter(args: readonly PickleValue[]): PickleValue {
    const [tensor] = args;
    if (!(tensor instanceof TorchTensor))
      throw this.#error('a Parameter is made of something else than a tensor');
    return tensor;
  }

  /** (storage, offset, size, stride[, requires_grad, hooks, metadata]) */
  #tensor(args: readonly PickleValue[]): TorchTensor {
    const [view, offset, size, stride] = args;
    const shape = counts(size);
    const strides = counts(stride);
    if (
      !(view instanceof StorageView) ||
      !isCount(offset) ||
      shape === undefined ||
      shape.length !== strides?.length
    ) {
      throw this.#error('a tensor is not described by storage, offset, size and stride');
    }
    const elements = elementCount(shape);
    const extent = elements === undefined ? undefined : extentOf(shape, strides);
    if (extent === undefined || !Number.isSafeInteger(offset + extent) || offset + extent > view.length) {
      const layout = `[${shape}] with strides [${strides}] at element ${offset}`;
      throw this.#error(`a tensor ${layout} is not inside its storage of ${view.length} elements`);
    }
    return new TorchTensor(view.storage, view.start + offset, shape, strides);
  }

  #error(what: string): Error {
    return weightsError(this.#where, what);
  }
}

/**
 * Number of storage elements from the first to the last one of a view, including both: 0 if it has none. Undefined if
 * it passes 2^53 - 1.
 */
export function extentOf(shape: readonly number[], strides: readonly number[]): number | undefined {
  if (shape.includes(0)) return 0;
  let last = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    last += (shape[axis] - 1) * strides[axis];
    if (!Number.isSafeInteger(last)) return undefined;
  }
  return last + 1;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: PickleValue | undefined): number[] | undefined {
  if (!(value instanceof PickleTuple) || value.items.length > MAX_RANK) return undefined;
  return value.items.every(isCount) ? (value.items as number[]) : undefined;
}
