/** Random uses of the kernels on images as bytes. */
import { affineMatrix } from '#src/ops/image/image-affine';
import { TABLE_BYTES } from '#src/ops/image/image-tables-kernel';
import { encodeTransforms, type ImageTransform, TRANSFORM } from '#src/ops/image/image-transform';
import { floats, ints, type Make, type Operand, real, room } from '../operands.js';
import type { Random } from '../support.js';

const wholeBytes = (random: Random, count: number): Operand => ({
  dtype: 'uint8',
  values: random.wholes(count, 0, 255),
});

/** Images whose bytes fill whole words, as the last word of an output is written whole. */
function imageSize(random: Random) {
  const [images, height, width] = [random.whole(1, 5), random.whole(1, 12), random.whole(1, 40)];
  return (images * height * width) % 4 === 0 ? { images, height, width } : { images: 4, height, width };
}

/** A transform of each kind comes up; many images are of few values, whose tables are extreme. */
function imagesAndTransforms(random: Random) {
  const { images, height, width } = imageSize(random);
  const kinds = Object.keys(TRANSFORM) as ImageTransform['kind'][];
  const transforms = Array.from({ length: images }, () => randomTransform(random, random.pick(kinds)));
  const { codes, amounts } = encodeTransforms(transforms, height, width);
  const [low, high] = random.pick([
    [0, 255],
    [100, 140],
    [7, 7],
  ]);
  const pixels: Operand = { dtype: 'uint8', values: random.wholes(images * height * width * 3, low, high) };
  return { images, height, width, operands: [pixels, ints(codes), floats(amounts)] };
}

function randomTransform(random: Random, kind: ImageTransform['kind']): ImageTransform {
  switch (kind) {
    case 'hue':
      return { kind, shift: random.unit() - 0.5 };
    case 'posterize':
      return { kind, bits: random.whole(0, 8) };
    case 'solarize':
      return { kind, threshold: random.whole(0, 256) };
    case 'affine': {
      const [angle, scale] = [random.whole(-180, 180), 0.5 + random.unit()];
      const shear = [random.whole(-40, 40), random.whole(-40, 40)] as const;
      const matrix = affineMatrix({ angle, scale, shear, translate: [random.whole(-9, 9), 0.5] });
      return { kind, matrix, interpolation: random.pick(['nearest', 'bilinear']), fill: [1, 20, 255] };
    }
    case 'brightness':
    case 'contrast':
    case 'saturation':
    case 'sharpness':
      return { kind, factor: 2 * random.unit() };
    default:
      return { kind };
  }
}

function blurred(random: Random) {
  const { images, height, width } = imageSize(random);
  const taps = random.pick([1, 3, 5, 23].filter((size) => size / 2 < Math.min(height, width)));
  const weights = random.values(images * taps, 0, 1 / taps);
  if (random.unit() < 0.3) weights.fill(0, 0, taps >> 1);
  const attributes = { images, height, width, taps };
  return { attributes, count: images * height * width * 3, weights: floats(weights) };
}

export const imageMakers: Readonly<Record<string, Make>> = {
  'imageTables.image': (random) => {
    const { images, height, width, operands } = imagesAndTransforms(random);
    const attributes = { images, pixels: height * width };
    return { attributes, operands: [...operands, room(images * TABLE_BYTES, 'uint8')], bytes: true };
  },
  'transformImages.pixels': (random) => {
    const { images, height, width, operands } = imagesAndTransforms(random);
    const tables = wholeBytes(random, images * TABLE_BYTES);
    const y = room(images * height * width * 3, 'uint8');
    return { attributes: { images, height, width }, operands: [...operands, tables, y], bytes: true };
  },
  'gaussianBlurColumns.flat': (random) => {
    const { attributes, count, weights } = blurred(random);
    return {
      attributes,
      operands: [wholeBytes(random, count), weights, room(count)],
      terms: attributes.taps,
    };
  },
  'gaussianBlurRows.word': (random) => {
    const { attributes, count, weights } = blurred(random);
    const operands = [real(random, count, 0, 255), weights, room(count, 'uint8')];
    return { attributes, operands, bytes: true };
  },
};
