/** Fashion-MNIST for the demo: which classes are held out, and every garment at its one place. */
import { placeGarment, placeOf } from '../../dist/examples/demo/placing.js';
import { IMAGE_LENGTH, readFashion } from '../fashion/dataset.mjs';

/** By label. */
export const CLASSES = [
  't-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle-boot',
];

/** Classes that the pretraining never sees: the demo learns them from ten images each. */
export const HELD_OUT = ['bag', 'pullover', 'sandal'];

/** Of the places. */
const SEED = 42;

/** Number of the first garment of each part: no two garments share a number, and so a place. */
const FIRST = { train: 0, t10k: 60_000 };

/** The first `limit` garments of `part` ('train' or 't10k') in the named classes: { name, pixels [32, 32] } each. */
export async function placedGarments(folder, part, names, limit = Number.POSITIVE_INFINITY) {
  const { count, images, labels } = await readFashion(folder, part);
  const garments = [];
  for (let i = 0; i < count && garments.length < limit; i++) {
    const name = CLASSES[labels[i]];
    if (!names.includes(name)) continue;
    const garment = images.subarray(i * IMAGE_LENGTH, (i + 1) * IMAGE_LENGTH);
    garments.push({ name, pixels: placeGarment(garment, placeOf(FIRST[part] + i, SEED)) });
  }
  return garments;
}
