/**
 * What the workers of the pool do. Plain functions of plain data, so that the same code runs in a
 * worker and, where a single image is repaired, on the main thread.
 */

import { createHash } from 'node:crypto';
import { AttuneError } from '../../errors.js';
import { augmentImage } from './augment.js';
import type { Sample } from '../random.js';
import type { Augmentation } from './augment-parts.js';
import type { RgbImage } from '../picture.js';
import { decodeImage, readImageFile } from './decode.js';
import { readPreparedImage } from './prepared-cache.js';
import { type Preprocessing, preprocessImage } from './preprocess.js';
import type { RecordLocation } from '../record-store.js';
import { resizeImage } from './resize.js';

/** Hash the bytes of a file. */
export interface HashWork {
  readonly kind: 'hash';
  readonly path: string;
}

/** Read, hash, decode, resize and crop a file. */
export interface PrepareWork {
  readonly kind: 'prepare';
  readonly path: string;
  readonly preprocessing: Preprocessing;
}

/** Read a prepared picture and augment it; without its record, prepare it again first. */
export interface AugmentWork {
  readonly kind: 'augment';
  /** The image file: for errors, and for the picture whose record is damaged. */
  readonly path: string;
  /** SHA-256 of the file when it was prepared. */
  readonly fileHash: string;
  /** Where the cache holds the picture; null if it does not. */
  readonly record: RecordLocation | null;
  /** How the cache prepares pictures. */
  readonly preprocessing: Preprocessing;
  readonly augmentation: Augmentation;
  /** Width and height of the result in pixels. */
  readonly side: number;
  readonly sample: Sample;
  /** Where the result goes, side x side x 3. The pool hands a worker memory that both see in its place. */
  readonly into: Uint8Array;
}

/** Read, hash and decode a file, to see what is in it. */
export interface SurveyWork {
  readonly kind: 'survey';
  readonly path: string;
}

export type ImageWork = HashWork | PrepareWork | AugmentWork | SurveyWork;

/** What is known of a picture without a network. */
export interface ImageSurvey {
  /** SHA-256 of the file's bytes, in hexadecimal digits. */
  readonly fileHash: string;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** The whole picture in grey, squeezed into THUMBNAIL_SIDE x THUMBNAIL_SIDE pixels, rows from the top. */
  readonly thumbnail: Uint8Array;
}

export interface ImageWorkResults {
  /** SHA-256 of the file's bytes, in hexadecimal digits. */
  readonly hash: { readonly fileHash: string };
  /** The hash belongs to the very bytes that were decoded. */
  readonly prepare: { readonly fileHash: string; readonly image: RgbImage };
  readonly survey: ImageSurvey;
  /** `repaired` is the prepared picture for the cache, where its record was damaged or missing. */
  readonly augment: { readonly repaired: RgbImage | null };
}

export type ImageWorkResult<Work extends ImageWork = ImageWork> = ImageWorkResults[Work['kind']];

/**
 * @throws AttuneError 'input' naming the path and the reason
 * @throws AttuneError 'data' if a picture is to be prepared again and its file has changed
 */
export async function runImageWork<Work extends ImageWork>(work: Work): Promise<ImageWorkResult<Work>>;
export async function runImageWork(work: ImageWork): Promise<ImageWorkResult> {
  if (work.kind === 'augment') return augmentPrepared(work);
  const bytes = await readImageFile(work.path);
  const fileHash = createHash('sha256').update(bytes).digest('hex');
  if (work.kind === 'hash') return { fileHash };
  const decoded = await decodeImage(bytes, work.path);
  if (work.kind === 'survey') return { fileHash, ...surveyImage(decoded) };
  return { fileHash, image: preprocessImage(decoded, work.preprocessing) };
}

async function augmentPrepared({
  path,
  fileHash,
  record,
  preprocessing,
  augmentation,
  side,
  sample,
  into,
}: AugmentWork): Promise<ImageWorkResults['augment']> {
  const cached = record && (await readPreparedImage(fileHash, record));
  const repaired = cached === null ? await prepareAgain(path, fileHash, preprocessing) : null;
  const picture = (cached ?? repaired) as RgbImage;
  into.set(augmentImage(picture, side, augmentation, sample, preprocessing.interpolation).pixels);
  return { repaired };
}

export const THUMBNAIL_SIDE = 32;

function surveyImage(image: RgbImage): Omit<ImageSurvey, 'fileHash'> {
  const { width, height } = image;
  const { pixels } = resizeImage(image, THUMBNAIL_SIDE, THUMBNAIL_SIDE, 'bilinear');
  // The luma of BT.601, as that of PIL's mode L.
  const grey = (i: number) => 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
  const thumbnail = Uint8Array.from({ length: THUMBNAIL_SIDE ** 2 }, (_, i) => Math.round(grey(i)));
  return { width, height, thumbnail };
}

/**
 * Prepares a picture whose record was damaged since it was written.
 * @throws AttuneError 'data' if the file has changed since, 'input' if it is gone
 */
export async function prepareAgain(
  path: string,
  fileHash: string,
  preprocessing: Preprocessing,
): Promise<RgbImage> {
  const result = await runImageWork({ kind: 'prepare', path, preprocessing });
  if (result.fileHash === fileHash) return result.image;
  throw new AttuneError({
    code: 'data',
    what: 'the image has changed since the run began',
    where: path,
    hint: 'put the old file back, or start a new run',
  });
}
