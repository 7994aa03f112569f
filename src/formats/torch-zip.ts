/**
 * PyTorch files since 1.6: a zip archive with one folder, in which `data.pkl` describes the objects and `data/<key>`
 * holds the bytes of each storage, stored as they are.
 */

import { type ByteSource, latin1 } from './bytes.js';
import { MAX_PICKLE_BYTES, unpickle } from './pickle.js';
import { type TensorFile, weightsError } from './tensors.js';
import { TorchHost, type TorchStorage } from './torch-objects.js';
import { readStateDict, type StoredBytes } from './torch-state.js';
import { checkedReader, readRecord, readZipDirectory, type ZipDirectory } from './zip.js';

/**
 * Reads the description of a zip-format PyTorch file and offers its tensors, which are read on demand. The checksum of
 * a storage is checked when the first of its tensors is read.
 * @param known the archive's directory, if it was read already
 * @throws AttuneError 'weights' if the archive is damaged, is something else, or needs more than weights need.
 */
export async function readTorchZip(source: ByteSource, known?: ZipDirectory): Promise<TensorFile> {
  const directory = known ?? (await readZipDirectory(source));
  const prefix = findPrefix(directory.names, source.name);
  await checkByteOrder(source, directory, `${prefix}byteorder`);

  const where = `${source.name}, data.pkl`;
  const bytes = await readRecord(source, await directory.locate(`${prefix}data.pkl`), MAX_PICKLE_BYTES);
  const host = new TorchHost(where);
  const { value, end } = await unpickle(bytes, 0, host, where, source.pauses);
  if (end !== bytes.length)
    throw weightsError(where, `${bytes.length - end} bytes follow the end of the pickle`);

  const stored = await locateStorages(source, directory, `${prefix}data/`, host.storages.values());
  const state = await readStateDict(value, source, (storage) => stored.get(storage.key) as StoredBytes);
  return { format: 'pytorch-zip', layout: 'pytorch', metadata: {}, ...state, close: () => source.close() };
}

/** The folder of the archive, whose name is that of the first file that was saved, with the slash. */
function findPrefix(names: ReadonlySet<string>, where: string): string {
  const suffix = 'data.pkl';
  const found = [...names].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (found.length !== 1) throw notTorch(where);
  const prefix = found[0].slice(0, -suffix.length);
  if (names.has(`${prefix}constants.pkl`)) {
    throw weightsError(
      where,
      'this is a TorchScript program, not a file of weights',
      'load it in PyTorch and save its weights with torch.save(model.state_dict(), ...)',
    );
  }
  return prefix;
}

function notTorch(where: string): Error {
  return weightsError(
    where,
    'this zip archive holds no weights: no data.pkl in a folder as PyTorch has it, no config.json as Keras',
    'if it is a packed folder, unpack it and name the weights file inside',
  );
}

async function checkByteOrder(source: ByteSource, directory: ZipDirectory, name: string): Promise<void> {
  // Only PyTorch 2.1 and later write the record; before, every file was little-endian.
  if (!directory.names.has(name)) return;
  const bytes = await readRecord(source, await directory.locate(name), 16);
  const order = latin1(bytes);
  if (order !== 'little') {
    throw weightsError(
      source.name,
      `the byte order of the file is ${JSON.stringify(order)}, not "little"`,
      'save it again on a little-endian machine',
    );
  }
}

/** Finds the record of each storage and requires that it has exactly the storage's size. */
async function locateStorages(
  source: ByteSource,
  directory: ZipDirectory,
  folder: string,
  storages: Iterable<TorchStorage>,
): Promise<Map<string, StoredBytes>> {
  const where = `${source.name}, storages`;
  const stored = new Map<string, StoredBytes>();
  let total = 0;
  for (const { key, dtype, length, itemSize } of storages) {
    const record = await directory.locate(folder + key);
    if (record.size !== length * itemSize) {
      const expected = `${length} elements of ${dtype}, which take ${length * itemSize}`;
      throw weightsError(
        where,
        `record ${JSON.stringify(record.name)} has ${record.size} bytes, not ${expected}`,
      );
    }
    total += record.size;
    stored.set(key, checkedReader(source, record));
  }
  // Honest records lie beside each other; overlapping ones would make a small file endless work.
  if (total > source.size)
    throw weightsError(where, `records of ${total} bytes overlap in ${source.size} bytes`);
  return stored;
}
