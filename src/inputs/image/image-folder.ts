/** Class folders of images, for loops written by hand: a run finds samples of every input (sample-folder.ts). */
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import type { LabelledSample } from '../labelled.js';
import { classSamples, sampleFolder, type SampleFolder, type SampleFolderOptions } from '../sample-folder.js';
import type { SkippedPath } from '../walk.js';
import { IMAGE_FILES } from './image-files.js';

/** An image with what is known of it. */
export type LabelledImage = LabelledSample;
export type ImageFolder = SampleFolder;
export type ImageFolderOptions = SampleFolderOptions;

const NAMES: OptionNames<ImageFolderOptions> = { val: true };

/**
 * Reads a folder of class folders, or of parts with such folders. Opens no image: `prepareImages` finds the broken ones.
 *
 * @throws AttuneError 'usage' for an unknown option, and as `sampleFolder` does
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  refuseUnknownOptions(options, NAMES, 'imageFolder');
  if (typeof path !== 'string') throw noPath();
  return sampleFolder(path, options, IMAGE_FILES);
}

/**
 * Reads one folder of class folders of images against a given class list (sample-folder.ts).
 *
 * @throws AttuneError as `imageFolder` does
 */
export async function classFolder(
  path: string,
  classes: readonly string[],
): Promise<{ images: readonly LabelledImage[]; skipped: readonly SkippedPath[] }> {
  return classSamples(path, classes, IMAGE_FILES);
}

/** JavaScript may have given none. */
function noPath(): AttuneError {
  const hint = "write imageFolder('photos'), a folder with one folder of images per class";
  return new AttuneError({ code: 'usage', what: 'there is no folder', where: 'imageFolder', hint });
}
