/**
 * Before the first step: every image is hashed, and decoded once if the cache lacks it.
 *
 * Bad images are found here, named and left out, instead of in the middle of an epoch. Hashing
 * all files first tells exactly how much is missing, hence how much disk is needed.
 */

import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { refuseTooManyBad } from '../bad-share.js';
import { type DiskSpace, requireDiskSpace } from '../disk.js';
import { IMAGE_FILES } from './image-files.js';
import { type ImagePool, openImagePool } from './pool.js';
import { visitAll, type Visit } from './visit.js';
import { openPreparedCache, type PreparedCache, preparedBytes } from './prepared-cache.js';
import { type Preprocessing, requirePreprocessing } from './preprocess.js';
import type { PreparedSample, PrepareProgress } from '../store.js';
import type { SkippedPath } from '../walk.js';

export type { PrepareProgress };

/** An image with the hash of its file. */
export type PreparedImage<Image extends { readonly path: string }> = PreparedSample<Image>;

export interface PrepareOptions {
  /** The cache to fill; default: opened for this call and closed after it. */
  readonly cache?: PreparedCache | undefined;
  /**
   * The cache of an image by its path, where they are not all kept in one: training takes whole pictures, evaluation
   * cropped ones. Default: `cache`.
   */
  readonly cacheOf?: ((path: string) => PreparedCache) | undefined;
  /** The pool to use; default: opened for this call and closed after it. */
  readonly pool?: ImagePool | undefined;
  /** Number of threads of the default pool. */
  readonly workers?: number | undefined;
  /** Called after each image. */
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  /** Told what will be written, before it is. */
  readonly onDiskSpace?: ((space: DiskSpace) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NAMES: OptionNames<PrepareOptions> = {
  cache: true,
  cacheOf: true,
  pool: true,
  workers: true,
  onProgress: true,
  onDiskSpace: true,
  signal: true,
};

export interface Preparation<Image extends { readonly path: string }> {
  /** The readable images, in the order of the input. */
  readonly prepared: PreparedImage<Image>[];
  readonly skipped: SkippedPath[];
  /** How many different pictures were decoded; the others were in the cache. */
  readonly decoded: number;
}

/**
 * Fills the prepared-image cache for a list of images.
 *
 * @throws AttuneError 'usage' for an unknown option
 * @throws AttuneError 'data' if over 5 % cannot be read, with their count and the first of them
 * @throws AttuneError 'disk' if the cache does not fit or cannot be written
 * @throws AttuneError 'interrupted' on the signal; what was decoded until then is kept
 */
export async function prepareImages<Image extends { readonly path: string }>(
  images: readonly Image[],
  preprocessing: Preprocessing,
  options: PrepareOptions = {},
): Promise<Preparation<Image>> {
  refuseUnknownOptions(options, NAMES, 'prepareImages');
  requirePreprocessing(preprocessing, 'prepareImages');
  const cache = options.cache ?? (await openPreparedCache(preprocessing));
  const pool = options.pool ?? openImagePool({ workers: options.workers });
  try {
    return await prepareWith(cache, pool, images, options);
  } finally {
    if (options.pool === undefined) await pool.close();
    // Also after a failure: what was decoded need not be decoded again.
    const others = new Set(images.map(({ path }) => options.cacheOf?.(path) ?? cache));
    for (const other of others) await other.flush();
    if (options.cache === undefined) await cache.close();
  }
}

async function prepareWith<Image extends { readonly path: string }>(
  cache: PreparedCache,
  pool: ImagePool,
  images: readonly Image[],
  { cacheOf = () => cache, onProgress, onDiskSpace, signal }: PrepareOptions,
): Promise<Preparation<Image>> {
  const hashes = new Map<string, string>();
  const reasons = new Map<string, string>();
  const each = (stage: PrepareProgress['stage'], paths: string[], visit: Visit) =>
    visitAll(paths, pool.workers, signal, reasons, visit, (done) =>
      onProgress?.({ stage, done, total: paths.length }),
    );

  const paths = [...new Set(images.map(({ path }) => path))];
  await each('hash', paths, async (path) => {
    hashes.set(path, (await pool.run({ kind: 'hash', path })).fileHash);
  });

  /** Where a picture is to be kept: one of those that are the same is decoded. */
  const placeOf = (path: string) => `${cacheOf(path).folder}/${hashes.get(path)}`;
  const missing = new Map<string, string>();
  for (const [path, hash] of hashes) if (!cacheOf(path).has(hash)) missing.set(placeOf(path), path);
  const decoding = [...missing.values()];
  const bytes = decoding.reduce((sum, path) => sum + preparedBytes(cacheOf(path).preprocessing), 0);
  const space = await requireDiskSpace(cache.folder, bytes);
  onDiskSpace?.(space);

  await each('decode', decoding, async (path) => {
    const target = cacheOf(path);
    const { fileHash, image } = await pool.run({
      kind: 'prepare',
      path,
      preprocessing: target.preprocessing,
    });
    if (fileHash !== hashes.get(path)) throw changedError(path);
    await target.put(fileHash, image);
  });

  const prepared: PreparedImage<Image>[] = [];
  const skipped: SkippedPath[] = [];
  for (const image of images) {
    const fileHash = hashes.get(image.path);
    const decodedFrom = fileHash === undefined ? undefined : missing.get(placeOf(image.path));
    const reason = reasons.get(decodedFrom ?? image.path);
    if (fileHash !== undefined && reason === undefined) prepared.push({ ...image, fileHash });
    else skipped.push({ path: image.path, reason: reason ?? 'not read' });
  }
  refuseTooManyBad(skipped, images.length, IMAGE_FILES);
  const decoded = decoding.filter((path) => !reasons.has(path)).length;
  return { prepared, skipped, decoded };
}

function changedError(path: string): AttuneError {
  return new AttuneError({ code: 'input', what: 'the image changed while it was read', where: path });
}
