/**
 * A look at every image of a data set before anything is made of it: which files can be read, how large the pictures
 * are, and a thumbnail by which those that show the same are found.
 */

import type { ImageSurvey } from './image-work.js';
import { openImagePool } from './pool.js';
import { visitAll } from './visit.js';
import type { SkippedPath } from '../walk.js';

/** An image of the input with what was seen in it. */
export type SurveyedImage<Image extends { readonly path: string }> = Image & ImageSurvey;

export interface SurveyOptions {
  /** Number of threads; default: that of the pool. */
  readonly workers?: number | undefined;
  /** Called after each image. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Survey<Image extends { readonly path: string }> {
  /** The readable images, in the order of the input. */
  readonly surveyed: SurveyedImage<Image>[];
  readonly unreadable: SkippedPath[];
}

/**
 * Decodes every image once. However many cannot be read, they are only named.
 *
 * @throws AttuneError 'interrupted' on the signal
 */
export async function surveyImages<Image extends { readonly path: string }>(
  images: readonly Image[],
  { workers, onProgress, signal }: SurveyOptions = {},
): Promise<Survey<Image>> {
  const pool = openImagePool({ workers });
  const seen = new Map<string, ImageSurvey>();
  const reasons = new Map<string, string>();
  try {
    const paths = [...new Set(images.map(({ path }) => path))];
    const visit = async (path: string) => {
      seen.set(path, await pool.run({ kind: 'survey', path }));
    };
    await visitAll(paths, pool.workers, signal, reasons, visit, (done) => onProgress?.(done, paths.length));
  } finally {
    await pool.close();
  }
  const surveyed = images.flatMap((image) => {
    const survey = seen.get(image.path);
    return survey === undefined ? [] : [{ ...image, ...survey }];
  });
  const unreadable = images
    .filter(({ path }) => !seen.has(path))
    .map(({ path }) => ({ path, reason: reasons.get(path) ?? 'not read' }));
  return { surveyed, unreadable };
}
