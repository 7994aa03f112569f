/** An HDF5 file of Keras: of which of its two forms, and what is in it. */

import type { ByteSource } from '../bytes.js';
import { openHdf5 } from '../hdf5/file.js';
import { type TensorFile, weightsError } from '../tensors.js';
import { readLegacyH5 } from './legacy-h5.js';
import { readWeightsH5 } from './weights-h5.js';

/**
 * Reads the description of a Keras `.h5` or `.weights.h5` file and offers its variables, which are read on demand.
 * @throws AttuneError 'weights' if the file is damaged, hostile, or holds no weights of Keras.
 */
export async function readKerasH5(source: ByteSource): Promise<TensorFile> {
  const root = await openHdf5(source);
  const common = { layout: 'keras', close: () => source.close() } as const;
  const legacy = await readLegacyH5(root);
  if (legacy !== undefined) return { format: 'keras-h5', ...common, ...legacy };
  const weights = await readWeightsH5(root, undefined);
  if (weights !== undefined) return { format: 'keras-weights-h5', ...common, ...weights };
  throw weightsError(
    source.name,
    'this HDF5 file holds no weights of Keras, for it has neither layer_names nor layers',
    'attune reads what Keras saves: model.save_weights(...) or model.save(...)',
  );
}
