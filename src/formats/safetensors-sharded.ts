/**
 * safetensors in several files, as Hugging Face splits large models: `model.safetensors.index.json` says for every
 * tensor which file has it.
 */

import { type ByteSource, closeAll, type SiblingFiles } from './bytes.js';
import type { JsonScanner } from './json.js';
import { readSafetensors } from './safetensors.js';
import { MAX_TENSORS, type TensorEntry, type TensorFile, weightsError, quote } from './tensors.js';

/** Names of tensors, and the file of each. */
export type WeightMap = ReadonlyMap<string, string>;

/** The most files of one model; each stays open. */
const MAX_SHARDS = 500;

/** Scans the index's `weight_map`. */
export async function parseWeightMap(json: JsonScanner, where: string): Promise<WeightMap> {
  const map = new Map<string, string>();
  await json.object((name) => {
    if (map.size === MAX_TENSORS) throw weightsError(where, `there are more than ${MAX_TENSORS} tensors`);
    map.set(name, json.string());
  });
  return map;
}

/**
 * Opens the files of an index and offers their tensors, in the order of the index.
 * @throws AttuneError 'weights' if a file is damaged or does not have exactly the tensors that the index says, 'input'
 *   if it is missing.
 */
export async function readShardedSafetensors(
  source: ByteSource,
  siblings: SiblingFiles,
  weightMap: WeightMap,
): Promise<TensorFile> {
  const where = `${source.name}, weight_map`;
  const names = new Set(weightMap.values());
  if (names.size > MAX_SHARDS) throw weightsError(where, `there are more than ${MAX_SHARDS} files`);
  const open: ByteSource[] = [source];
  try {
    const found = new Map<string, TensorEntry>();
    for (const name of names) {
      if (/\.(?:bin|pth?)$/.test(name)) {
        throw weightsError(
          where,
          `the index names ${quote(name)}, a file of PyTorch`,
          'name one of its files, or take the index of the safetensors files',
        );
      }
      const shard = await siblings.open(name, 'follow');
      open.push(shard);
      for (const tensor of (await readSafetensors(shard)).tensors) {
        if (weightMap.get(tensor.name) !== name) {
          throw weightsError(
            where,
            `${name} has the tensor ${quote(tensor.name)}, which the index has elsewhere`,
          );
        }
        found.set(tensor.name, tensor);
      }
    }
    const tensors = Array.from(weightMap, ([name, file]) => {
      const tensor = found.get(name);
      if (tensor === undefined) throw weightsError(where, `${file} does not have the tensor ${quote(name)}`);
      return tensor;
    });
    return {
      format: 'safetensors-sharded',
      layout: 'pytorch',
      metadata: {},
      tensors,
      skipped: [],
      close: () => closeAll(open),
    };
  } catch (error) {
    // The caller closes the index, as it does for every format.
    await closeAll(open.slice(1));
    throw error;
  }
}
