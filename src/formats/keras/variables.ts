/** Keras's variables as tensors: an array of an HDF5 file under the name `layer/variable`. */

import { swapBytes, tensorEntry } from '../floats.js';
import type { Hdf5Object } from '../hdf5/file.js';
import {
  type Dtype,
  MAX_TENSORS,
  type SkippedEntry,
  type TensorEntry,
  weightsError,
  quote,
} from '../tensors.js';
import { epsilonOf, type KerasLayer } from './config.js';

/** What a file of Keras holds. */
export interface KerasWeights {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly TensorEntry[];
  readonly skipped: readonly SkippedEntry[];
}

/** What dropout and augmentation draw from: Keras 3 saves it with them. */
const RANDOM_STATE = /\/seed_generator(?:_state)?(?:\/|$)/;

/** The tensors of a file; each name once, and no more than a file may have. */
export class Variables {
  readonly tensors: TensorEntry[] = [];
  readonly skipped: SkippedEntry[] = [];
  readonly #names = new Set<string>();

  /** Adds the array that is the variable `name`, of a layer that may be described. */
  async add(name: string, object: Hdf5Object, layer: KerasLayer | undefined): Promise<void> {
    const { where } = object;
    if (this.#names.has(name)) {
      throw weightsError(where, `two variables have the name ${quote(name)}`);
    }
    if (this.#names.size === MAX_TENSORS) {
      throw weightsError(where, `there are more than ${MAX_TENSORS} tensors`);
    }
    this.#names.add(name);
    if (RANDOM_STATE.test(name)) this.skip(name, 'random state');
    else this.tensors.push({ ...(await entryOf(name, object)), epsilon: epsilonOf(layer, name) });
  }

  /** Notes something that is there and no variable. */
  skip(name: string, kind: string): void {
    this.skipped.push({ name, kind });
  }
}

async function entryOf(name: string, object: Hdf5Object): Promise<TensorEntry> {
  const { where } = object;
  const { type, shape, readBytes } = await object.array();
  // NumPy has no bfloat16, so Keras stores its bytes and says so beside them.
  if (type.kind === 'opaque' && type.size === 2 && (await isBfloat16(object))) {
    return tensorEntry({ name, dtype: 'BF16', shape }, where, readBytes);
  }
  if (type.kind !== 'number') {
    const kind = type.kind === 'other' ? type.name : type.kind;
    throw weightsError(where, `the variable is of type ${kind}, not a number`);
  }
  const { dtype, size, bigEndian } = type;
  const info: { name: string; dtype: Dtype; shape: readonly number[] } = { name, dtype, shape };
  return tensorEntry(info, where, async () => {
    const bytes = await readBytes();
    return bigEndian ? swapBytes(bytes, size, object.pauses) : bytes;
  });
}

async function isBfloat16(object: Hdf5Object): Promise<boolean> {
  return (await (await object.attributes()).text('dtype')) === 'bfloat16';
}
