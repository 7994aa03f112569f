/**
 * Features of a frozen trunk: computed once per picture, kept in the feature cache under the hash of its file.
 */
import type { FeatureCache } from '../../inputs/index.js';
import type { Network } from '../../models/index.js';
import { forEachImage, type InferenceOptions } from '../inference/inference.js';
import type { SamplePart } from '../../runs/data/training-data.js';
import type { FeatureSet } from '../../tasks/heads/head-problem.js';

/**
 * The features of a part's samples: from the cache, else computed and
 * stored there. `computed` says how many were computed.
 */
export async function featuresOf(
  model: Network,
  { images, source }: SamplePart,
  cache: FeatureCache,
  options: InferenceOptions,
): Promise<FeatureSet & { readonly computed: number }> {
  const { length } = cache;
  const values = new Float32Array(images.length * length);
  /** Images that show one picture: it is computed for the first of them. */
  const missing = new Map<string, number[]>();
  for (const [index, { fileHash }] of images.entries()) {
    const others = missing.get(fileHash);
    const known = others === undefined ? await cache.get(fileHash) : null;
    if (known !== null) values.set(known, index * length);
    else if (others !== undefined) others.push(index);
    else missing.set(fileHash, [index]);
  }
  const pictures = [...missing];
  const read = (i: number) => source.read(pictures[i][1][0]);
  const store = async (i: number, row: Float32Array) => {
    const [fileHash, indices] = pictures[i];
    for (const index of indices) values.set(row, index * length);
    await cache.put(fileHash, row);
  };
  try {
    if (pictures.length > 0)
      await forEachImage({ count: pictures.length, read }, (x) => model.features(x), store, options);
  } finally {
    // Also after a failure or Ctrl-C: what was computed need not be computed again.
    await cache.flush();
  }
  const labels = Int32Array.from(images, ({ label }) => label);
  return { values, labels, length, computed: pictures.length };
}
