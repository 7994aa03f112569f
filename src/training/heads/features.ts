/**
 * Features of a frozen trunk: computed once per picture, kept in the feature cache under the hash of its file.
 */
import type { FeatureCache, ImageDataset, LabelledImage, PreparedImage } from '../../inputs/index.js';
import type { ImageClassifier } from '../../models/classifier.js';
import { forEachImage, type InferenceOptions } from '../inference/inference.js';
import type { FeatureSet } from '../../tasks/heads/head-problem.js';

/**
 * The features of `images`, whose pixels `dataset` reads by the same index: from the cache, else computed and
 * stored there. `computed` says how many were computed.
 */
export async function featuresOf(
  model: ImageClassifier,
  images: readonly PreparedImage<LabelledImage>[],
  dataset: ImageDataset,
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
  const source = { count: pictures.length, read: (i: number) => dataset.read(pictures[i][1][0]) };
  const store = async (i: number, row: Float32Array) => {
    const [fileHash, indices] = pictures[i];
    for (const index of indices) values.set(row, index * length);
    await cache.put(fileHash, row);
  };
  try {
    if (pictures.length > 0) await forEachImage(source, (x) => model.features(x), store, options);
  } finally {
    // Also after a failure or Ctrl-C: what was computed need not be computed again.
    await cache.flush();
  }
  return { values, labels: dataset.labels, length, computed: pictures.length };
}
