/**
 * PyTorch files before 1.6: a stream of five pickles (magic number, protocol, facts about the machine, the object, the
 * list of storage keys), followed by each storage as a 64-bit number of elements and its bytes.
 */

import type { Pauses } from '../pauses.js';
import type { ByteSource } from './bytes.js';
import { bareHost, MAX_PICKLE_BYTES, type PickleHost, type PickleValue, unpickle } from './pickle.js';
import { type TensorFile, weightsError, quote } from './tensors.js';
import { TorchHost, type TorchStorage } from './torch-objects.js';
import { readStateDict, type StoredBytes } from './torch-state.js';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads the description of a PyTorch file in the old format and offers its tensors, which are read on demand.
 * @throws AttuneError 'weights' if the stream is damaged, is something else, or needs more than weights need.
 */
export async function readTorchLegacy(source: ByteSource): Promise<TensorFile> {
  const pickles = new PickleStream(
    await source.read(0, Math.min(source.size, MAX_PICKLE_BYTES)),
    source.pauses,
  );
  await checkHeader(pickles, `${source.name}, header`);

  const where = `${source.name}, object`;
  const host = new TorchHost(where);
  const root = await pickles.next(host, where);
  const keys = await pickles.next(bareHost, `${source.name}, storage keys`);

  const stored = await locateStorages(source, pickles.position, keys, host.storages);
  const state = await readStateDict(root, source, (storage) => stored.get(storage.key) as StoredBytes);
  return { format: 'pytorch-legacy', layout: 'pytorch', metadata: {}, ...state, close: () => source.close() };
}

/** Pickles one after the other in the same bytes. */
class PickleStream {
  readonly #bytes: Uint8Array;
  readonly #pauses: Pauses;
  position = 0;

  constructor(bytes: Uint8Array, pauses: Pauses) {
    this.#bytes = bytes;
    this.#pauses = pauses;
  }

  async next(host: PickleHost, where: string): Promise<PickleValue> {
    const { value, end } = await unpickle(this.#bytes, this.position, host, where, this.#pauses);
    this.position = end;
    return value;
  }
}

async function checkHeader(pickles: PickleStream, where: string): Promise<void> {
  if ((await pickles.next(bareHost, where)) !== MAGIC) {
    throw weightsError(
      where,
      'this is a Python pickle, but not one that torch.save wrote',
      'save the weights with torch.save(model.state_dict(), ...)',
    );
  }
  const protocol = await pickles.next(bareHost, where);
  if (protocol !== PROTOCOL)
    throw weightsError(where, `the protocol of the file is ${String(protocol)}, not ${PROTOCOL}`);
  const machine = await pickles.next(bareHost, where);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw weightsError(where, 'the file was not written by a little-endian machine', 'save it again on one');
  }
}

/** Walks over the storages and requires that they are exactly those of the pickle and fill the file to its end. */
async function locateStorages(
  source: ByteSource,
  start: number,
  keys: PickleValue,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<Map<string, StoredBytes>> {
  const where = `${source.name}, storages`;
  if (!Array.isArray(keys) || keys.length !== storages.size) {
    throw weightsError(where, `a list of ${storages.size} storage keys is expected`);
  }
  const stored = new Map<string, StoredBytes>();
  let position = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined || stored.has(storage.key)) {
      throw weightsError(where, `the storage key ${quote(String(key), 100)} is unknown or repeated`);
    }
    const count = new DataView((await source.read(position, 8)).buffer).getBigInt64(0, true);
    if (count !== BigInt(storage.length)) {
      throw weightsError(
        where,
        `storage ${JSON.stringify(storage.key)} has ${count} elements, not ${storage.length}`,
      );
    }
    const first = position + 8;
    // The old format has no checksums; its sizes are all there is to check.
    stored.set(storage.key, (start, length) => source.read(first + start, length));
    position = first + storage.length * storage.itemSize;
  }
  if (position !== source.size) {
    throw weightsError(where, `the storages end at byte ${position} of a file of ${source.size} bytes`);
  }
  return stored;
}
