/**
 * Keras 3's `.keras`: a zip archive with the model's description in `config.json` and its weights in `model.weights.h5`.
 * Only classes, names and some numbers of the description are looked at; nothing in it is built or run.
 */

import type { Pauses } from '../../pauses.js';
import { type ByteSource, decodeText, rangeOf } from '../bytes.js';
import { openHdf5 } from '../hdf5/file.js';
import { type TensorEntry, type TensorFile, weightsError } from '../tensors.js';
import { checkRecordOnce, readRecord, type ZipDirectory } from '../zip.js';
import { parseKerasConfig } from './config.js';
import { readWeightsH5 } from './weights-h5.js';

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';

/** The longest description, in bytes. That of a ResNet50 has about 100,000. */
const MAX_CONFIG_BYTES = 16 * 2 ** 20;

/** Whether these records are those of a Keras model. */
export function isKerasArchive(names: ReadonlySet<string>): boolean {
  return names.has(CONFIG) && (names.has('metadata.json') || names.has(WEIGHTS));
}

/**
 * Reads the description of a `.keras` archive and offers the model's variables, which are read on demand.
 * @throws AttuneError 'weights' if the archive or a part of it is damaged or hostile, or keeps its weights otherwise.
 */
export async function readKerasArchive(source: ByteSource, directory: ZipDirectory): Promise<TensorFile> {
  const config = await readRecord(source, await directory.locate(CONFIG), MAX_CONFIG_BYTES);
  const where = `${source.name}, ${CONFIG}`;
  const { pauses } = source;
  const model = await parseKerasConfig(await textOf(config, pauses, where), pauses, where);
  if (!directory.names.has(WEIGHTS)) {
    throw weightsError(
      source.name,
      `the archive has no ${WEIGHTS}, in which Keras keeps weights`,
      'save the model again with model.save(...)',
    );
  }
  const record = await directory.locate(WEIGHTS);
  const verify = checkRecordOnce(source, record);
  const root = await openHdf5(rangeOf(source, record.offset, record.size, `${source.name}, ${WEIGHTS}`));
  const weights = await readWeightsH5(root, model);
  if (weights === undefined) throw weightsError(root.where, 'the file of weights has no layers');
  return {
    format: 'keras',
    layout: 'keras',
    ...weights,
    tensors: weights.tensors.map((tensor) => verified(tensor, verify)),
    close: () => source.close(),
  };
}

/** The tensor, of which nothing is given before the record that it lies in has its checksum. */
function verified(tensor: TensorEntry, verify: () => Promise<void>): TensorEntry {
  return {
    ...tensor,
    read: async (precision) => {
      await verify();
      return tensor.read(precision);
    },
    readRaw: async () => {
      await verify();
      return tensor.readRaw();
    },
  };
}

async function textOf(bytes: Uint8Array, pauses: Pauses, where: string): Promise<string> {
  try {
    return await decodeText(bytes, pauses);
  } catch (error) {
    // Else the signal has ended it.
    throw error instanceof TypeError ? weightsError(where, 'the description is not UTF-8 text') : error;
  }
}
