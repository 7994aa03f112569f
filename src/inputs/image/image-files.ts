/** The files of images. */
import type { SampleFiles } from '../sample-files.js';
import { imageExtensions } from '../sniff.js';

export const IMAGE_FILES: SampleFiles = {
  one: 'image',
  withArticle: 'an image',
  many: 'images',
  extensions: imageExtensions,
  formats: 'JPEG, PNG, WebP, GIF, TIFF or AVIF files',
  // What phones make: whoever has one has many, and does not see by the name what is wrong with them.
  otherwise: (extension) =>
    /^\.hei[cf]$/i.test(extension) ? 'HEIC, to be converted to JPEG first' : undefined,
};
