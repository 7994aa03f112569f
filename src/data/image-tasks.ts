/**
 * What the workers of the pool do. Plain functions of plain data, so that the same code runs in a
 * worker and, where a single image is repaired, on the main thread.
 */

import { createHash } from 'node:crypto';
import { decodeImage, type RgbImage, readImageFile } from './decode.js';
import { type Preprocessing, preprocessImage } from './preprocess.js';

/** Hash the bytes of a file. */
export interface HashTask {
  readonly kind: 'hash';
  readonly path: string;
}

/** Read, hash, decode, resize and crop a file. */
export interface PrepareTask {
  readonly kind: 'prepare';
  readonly path: string;
  readonly preprocessing: Preprocessing;
}

export type ImageTask = HashTask | PrepareTask;

export interface ImageTaskResults {
  /** SHA-256 of the file's bytes, in hexadecimal digits. */
  readonly hash: { readonly fileHash: string };
  /** The hash belongs to the very bytes that were decoded. */
  readonly prepare: { readonly fileHash: string; readonly image: RgbImage };
}

export type ImageTaskResult<Task extends ImageTask = ImageTask> = ImageTaskResults[Task['kind']];

/** @throws AttuneError 'input' naming the path and the reason */
export async function runImageTask<Task extends ImageTask>(task: Task): Promise<ImageTaskResult<Task>>;
export async function runImageTask(task: ImageTask): Promise<ImageTaskResult> {
  const bytes = await readImageFile(task.path);
  const fileHash = createHash('sha256').update(bytes).digest('hex');
  if (task.kind === 'hash') return { fileHash };
  const decoded = await decodeImage(bytes, task.path);
  return { fileHash, image: preprocessImage(decoded, task.preprocessing) };
}
