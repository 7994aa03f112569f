/**
 * A TensorFlow.js layers model: `model.json` with the layers and a list of weights, and the weights' bytes one behind the
 * other, cut into files of 4 MiB beside it.
 */

import { bytesToWrite, checkNames, notWritable, sizeToWrite, type TensorToWrite } from '../to-write.js';

/** What TensorFlow.js's own converter cuts at, so that browsers cache the files. */
const SHARD_BYTES = 4 * 2 ** 20;

/** A model as it is to be written. */
export interface TfjsModel {
  /** Keras's `model_config`. */
  readonly config: unknown;
  /** float32, named `layer/variable`. */
  readonly weights: readonly TensorToWrite[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The names of the files with the weights, which lie in the folder of the model. */
export function shardNames({ weights }: TfjsModel): string[] {
  const bytes = weights.reduce((sum, weight) => sum + sizeToWrite(weight), 0);
  const count = Math.max(1, Math.ceil(bytes / SHARD_BYTES));
  return Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
}

/** The text of `model.json`. Throws AttuneError 'weights' for equal names, or types other than float32. */
export function tfjsJson(model: TfjsModel): string {
  const { config, weights, metadata } = model;
  checkNames(weights);
  return JSON.stringify({
    format: 'layers-model',
    generatedBy: 'attune',
    convertedBy: null,
    modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: config },
    weightsManifest: [{ paths: shardNames(model), weights: weights.map(manifestEntry) }],
    userDefinedMetadata: metadata,
  });
}

function manifestEntry({ name, dtype, shape }: TensorToWrite): unknown {
  if (dtype !== 'F32') throw notWritable(name, `the type ${dtype} is not written to TensorFlow.js models`);
  return { name, shape, dtype: 'float32' };
}

/** The bytes of the files with the weights, one after another; each file in pieces. */
export async function* shards(model: TfjsModel): AsyncGenerator<{ name: string; pieces: Uint8Array[] }> {
  const names = shardNames(model)[Symbol.iterator]();
  let [pieces, length]: [Uint8Array[], number] = [[], 0];
  for (const weight of model.weights) {
    const bytes = await bytesToWrite(weight);
    for (let start = 0; start < bytes.length; ) {
      const piece = bytes.subarray(start, start + SHARD_BYTES - length);
      pieces.push(piece);
      length += piece.length;
      start += piece.length;
      if (length < SHARD_BYTES) continue;
      yield { name: names.next().value as string, pieces };
      [pieces, length] = [[], 0];
    }
  }
  const last = names.next();
  if (!last.done) yield { name: last.value, pieces };
}
