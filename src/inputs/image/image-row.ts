/** Images as a row of the table of inputs. */
import type { InputRow } from '../input-row.js';
import { IMAGE_FILES } from './image-files.js';
import { openImageStore } from './image-store.js';
import { imageInput, sideOf } from './input.js';
import { openImageFiles } from './open-pictures.js';
import { parsePreprocessing } from './parse-preprocessing.js';
import { imagenetPreprocessing, type Preprocessing } from './preprocess.js';

export const IMAGE: InputRow<Preprocessing> = {
  files: IMAGE_FILES,
  fields: ['augment', 'crop_scale', 'image_size'],
  begin: async ({ network, preprocessing }) => preprocessing ?? network.preprocessing,
  parse: parsePreprocessing,
  create: imageInput,
  open: openImageStore,
  openFiles: openImageFiles,
  size: {
    of: sideOf,
    // The short side keeps its ratio to that of the input.
    resized(preprocessing, side) {
      const { resize, crop } = preprocessing;
      const ratio = crop === null ? 256 / 224 : resize / crop;
      const { resize: short } = imagenetPreprocessing(side, Math.round(side * ratio));
      return { ...preprocessing, crop: side, resize: short };
    },
    contradiction: ({ crop }, side) =>
      crop === side ? null : `input.settings.crop: ${crop} where the recipe has ${side} pixels`,
  },
  describe({ resize, crop, mean, std, interpolation }) {
    const size = crop === null ? `short side ${resize}` : `short side ${resize}, crop ${crop}`;
    return `${size}, ${interpolation}, minus [${mean.join(', ')}], divided by [${std.join(', ')}]`;
  },
};
