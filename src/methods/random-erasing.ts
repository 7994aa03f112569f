/** Random erasing: a rectangle of an image is made blank (inputs/image/erase.ts says which, ops/image/erase-boxes.ts how). */
import { erasedBox } from '../inputs/index.js';
import { eraseBoxes } from '../ops/index.js';
import { tensor } from '../tensor/tensor.js';
import { numberField } from './field.js';
import type { Method } from './method.js';

const fields = {
  random_erasing: numberField(0, 1, {
    default: 0,
    value: '<probability>',
    group: 'Regularization:',
    help: 'How often a rectangle of an image, 2 to 33 % of it, is made blank: 0.1 to 0.5. Default: 0, never.',
  }),
};

export interface RandomErasingOptions {
  /** How often a rectangle of an image, 2 to 33 % of it, is made blank: 0.1 to 0.5. Default: 0, never. */
  readonly randomErasing?: number;
}

export const RANDOM_ERASING: Method<typeof fields, RandomErasingOptions> = {
  fields,
  ofImages: ['random_erasing'],
  batch({ random_erasing: probability }, { shape: [side], samples }) {
    if (probability === 0) return {};
    const erased = Int32Array.from(samples.flatMap((sample) => erasedBox(side, probability, sample)));
    return { arrays: { erased } };
  },
  input: (x, { size, arrays: { erased } }) =>
    erased === undefined ? x : eraseBoxes(x, tensor(erased, [size, 4], 'int32')),
};
