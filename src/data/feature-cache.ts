/**
 * The feature cache: what a frozen trunk computes from each picture, so that it is computed once.
 *
 * The folder is chosen by all that the features depend on besides the picture (weights,
 * preprocessing and precision), a record by the SHA-256 of the image file. Records are float32, little-endian.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { cacheDir } from '../weights/cache-dir.js';
import { pixelVersion } from './prepared-cache.js';
import type { Preprocessing } from './preprocess.js';
import { openRecordStore } from './record-store.js';

export interface FeatureCacheKey {
  /** Identifies the trunk: its weights, running statistics and architecture. */
  readonly weightsHash: string;
  readonly preprocessing: Preprocessing;
  /** Number of features of one picture. */
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
   * Stores the features of one picture; written with others, at the latest by `close`.
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

function folderName({ weightsHash, preprocessing, length, mixed }: FeatureCacheKey): string {
  const { resize, crop, interpolation, mean, std } = preprocessing;
  const parts = {
    ...{ pixelVersion, weightsHash, resize, crop, interpolation, mean, std, length },
    ...(mixed && { mixed }),
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** A feature that is not finite comes from a fault; stored, it would outlive the fault. */
function checkFeatures(features: Float32Array, length: number, where: string): void {
  if (features.length !== length) {
    throw new AttuneError({
      code: 'shape',
      what: `${features.length} features given where a picture has ${length}`,
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
