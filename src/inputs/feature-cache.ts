/**
 * The feature cache: what a frozen trunk computes from each sample, so that it is computed once.
 *
 * The folder is chosen by all that the features depend on besides the sample (weights,
 * settings of the input and precision), a record by the SHA-256 of its file. Records are float32, little-endian.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { cacheDir } from '../weights/cache-dir.js';
import { openRecordStore } from './record-store.js';

export interface FeatureCacheKey {
  /** Identifies the trunk: its weights, running statistics and architecture. */
  readonly weightsHash: string;
  /** All settings that the network's input depends on, as JSON: those of images are `imageKey`'s. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Number of features of one sample. */
  readonly length: number;
  /** Whether activations are kept as float16 on the way: three digits of the features are left then. */
  readonly mixed: boolean;
}

export interface FeatureCache {
  readonly folder: string;
  readonly length: number;
  has(fileHash: string): boolean;
  /** The features; null if they are absent or damaged, then compute them again. */
  get(fileHash: string): Promise<Float32Array | null>;
  /**
   * Stores the features of one sample; written with others, at the latest by `close`.
   * @throws AttuneError 'shape' if there are not `length` of them, 'numeric' if one is not finite
   * @throws AttuneError 'disk'
   */
  put(fileHash: string, features: Float32Array): Promise<void>;
  /** @throws AttuneError 'disk' */
  flush(): Promise<void>;
  /** @throws AttuneError 'disk' */
  close(): Promise<void>;
}

/**
 * Opens the cache of one trunk.
 * @param parent default: `features` in attune's cache folder
 * @throws AttuneError 'disk' if the folder cannot be used
 */
export async function openFeatureCache(
  key: FeatureCacheKey,
  parent = join(cacheDir(), 'features'),
): Promise<FeatureCache> {
  const { length } = key;
  const folder = join(parent, folderName(key));
  const store = await openRecordStore(folder);
  return {
    folder,
    length,
    has: store.has,
    async get(fileHash) {
      const bytes = await store.get(fileHash);
      return bytes === null || bytes.length !== length * 4 ? null : fromBytes(bytes);
    },
    async put(fileHash, features) {
      checkFeatures(features, length, folder);
      await store.put(fileHash, toBytes(features));
    },
    flush: store.flush,
    close: store.close,
  };
}

function folderName({ weightsHash, input, length, mixed }: FeatureCacheKey): string {
  const parts = { ...input, weightsHash, length, ...(mixed && { mixed }) };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** A feature that is not finite comes from a fault; stored, it would outlive the fault. */
function checkFeatures(features: Float32Array, length: number, where: string): void {
  if (features.length !== length) {
    throw new AttuneError({
      code: 'shape',
      what: `${features.length} features given where a sample has ${length}`,
      where,
    });
  }
  if (features.every(Number.isFinite)) return;
  throw new AttuneError({
    code: 'numeric',
    what: 'a feature is not finite, so the features are not stored',
    where,
    hint: 'check the weights',
  });
}

function toBytes(features: Float32Array): Uint8Array {
  const bytes = new Uint8Array(features.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < features.length; i++) view.setFloat32(i * 4, features[i], true);
  return bytes;
}

function fromBytes(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
}
