/**
 * The prepared-image cache: pictures resized and cropped, as the bytes that a network is fed from.
 *
 * The folder is chosen by the geometry (size, crop, filter; mean and std come later and do not
 * matter here), a record by the SHA-256 of the image file. So a changed picture is prepared
 * again and no other, and a copied or renamed one is not.
 *
 * Out of a whole picture the middle can be cut: what training with random crops has prepared, evaluation and a probe
 * of the same size need not decode again.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../../weights/cache-dir.js';
import type { RgbImage } from '../picture.js';
import { centerCropImage, type Preprocessing, requirePreprocessing } from './preprocess.js';
import { openRecordStore, type RecordLocation, type RecordStore, readRecord } from '../record-store.js';

/** To be raised by whoever changes a pixel that decoding or resizing produces. */
export const pixelVersion = 1;

/** The settings that pixels of a network's input depend on, as a key of the feature cache. */
export function imageKey({ resize, crop, interpolation, mean, std }: Preprocessing) {
  return { pixelVersion, resize, crop, interpolation, mean, std };
}

export interface PreparedCache {
  readonly folder: string;
  readonly preprocessing: Preprocessing;
  /** Whether the picture of this file is there. */
  has(fileHash: string): boolean;
  /** The prepared picture; null if it is absent or damaged, then prepare it again. */
  get(fileHash: string): Promise<RgbImage | null>;
  /** Where its record lies, for `readPreparedImage`, which may give it whole; null if it is absent or not written yet. */
  locate(fileHash: string): RecordLocation | null;
  /** @throws AttuneError 'disk' */
  put(fileHash: string, image: RgbImage): Promise<void>;
  /** @throws AttuneError 'disk' */
  flush(): Promise<void>;
  /** @throws AttuneError 'disk' */
  close(): Promise<void>;
}

/** Width and height, each a 32-bit little-endian integer, stand before the pixels. */
const sizeBytes = 8;

/**
 * Opens the cache for one preprocessing.
 * @param parent default: `prepared` in attune's cache folder
 * @throws AttuneError 'disk' if the folder cannot be used, 'usage' for settings that are unknown or missing
 */
export async function openPreparedCache(
  preprocessing: Preprocessing,
  parent = join(cacheDir(), 'prepared'),
): Promise<PreparedCache> {
  requirePreprocessing(preprocessing, 'openPreparedCache');
  const folder = join(parent, geometryKey(preprocessing));
  const store = await openRecordStore(folder);
  const { crop } = preprocessing;
  const whole = crop === null ? null : await openWhole(preprocessing, parent);
  return {
    folder,
    preprocessing,
    has: (fileHash) => store.has(fileHash) || whole?.has(fileHash) === true,
    async get(fileHash) {
      const own = await getPicture(store, fileHash);
      if (own !== null || crop === null || whole === null) return own;
      const picture = await getPicture(whole, fileHash);
      return picture && centerCropImage(picture, crop);
    },
    locate: (fileHash) => store.locate(fileHash) ?? whole?.locate(fileHash) ?? null,
    put: (fileHash, image) => store.put(fileHash, pictureBytes(image)),
    flush: store.flush,
    close: store.close,
  };
}

/** The pictures of the same size without a crop, to read; null where there are none. */
async function openWhole(preprocessing: Preprocessing, parent: string): Promise<RecordStore | null> {
  const folder = join(parent, geometryKey({ ...preprocessing, crop: null }));
  return existsSync(folder) ? openRecordStore(folder) : null;
}

async function getPicture(store: RecordStore, fileHash: string): Promise<RgbImage | null> {
  const payload = await store.get(fileHash);
  return payload === null ? null : parsePicture(payload);
}

/** Reads a picture in another thread than the cache's; null if its record is damaged or gone. */
export async function readPreparedImage(fileHash: string, record: RecordLocation): Promise<RgbImage | null> {
  const payload = await readRecord(fileHash, record);
  return payload === null ? null : parsePicture(payload);
}

/** How many bytes one prepared picture takes; without a crop, that of a 3:2 picture. */
export function preparedBytes({ crop, resize }: Preprocessing): number {
  const pixels = crop === null ? resize * resize * 1.5 : crop * crop;
  return sizeBytes + pixels * 3;
}

function geometryKey({ resize, crop, interpolation }: Preprocessing): string {
  const geometry = JSON.stringify({ pixelVersion, resize, crop, interpolation });
  return createHash('sha256').update(geometry).digest('hex').slice(0, 32);
}

function pictureBytes({ width, height, pixels }: RgbImage): Uint8Array {
  const bytes = new Uint8Array(sizeBytes + pixels.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width, true);
  view.setUint32(4, height, true);
  bytes.set(pixels, sizeBytes);
  return bytes;
}

/** null where size and pixels disagree; the hash makes that a fault of the writer. */
function parsePicture(bytes: Uint8Array): RgbImage | null {
  if (bytes.length < sizeBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [width, height] = [view.getUint32(0, true), view.getUint32(4, true)];
  const pixels = bytes.subarray(sizeBytes);
  return pixels.length === width * height * 3 ? { width, height, pixels } : null;
}
