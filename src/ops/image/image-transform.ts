/**
 * What an image can go through on the device, and how that travels there: a row of whole numbers and a row of floats
 * per image, so that a batch in which every image has another transform is the same program.
 *
 * Formulas and their roundings are those of torchvision 0.14 on uint8 tensors (transforms/functional_tensor.py).
 */
import { refuseUnknownKind, refuseUnknownOptions } from '../../option-names.js';
import { shapeError } from '../../tensor/shape.js';
import { type AffineMatrix, sampledPositions } from './image-affine.js';

/** One image's transform. Images stay bytes: what a formula gives is cut off to a whole number from 0 to 255. */
export type ImageTransform =
  | { readonly kind: 'identity' }
  /** factor x + (1 - factor) other. The other is black, the image's mean grey, each pixel's grey, a blurred image. */
  | { readonly kind: BlendKind; readonly factor: number }
  /** Turns the hue by this share of the colour circle, -0.5 to 0.5. */
  | { readonly kind: 'hue'; readonly shift: number }
  /** Keeps the upper 0 to 8 bits of each byte. */
  | { readonly kind: 'posterize'; readonly bits: number }
  /** 255 - x where x is at least `threshold`. */
  | { readonly kind: 'solarize'; readonly threshold: number }
  | { readonly kind: 'invert' }
  /** Stretches each channel to 0 .. 255. */
  | { readonly kind: 'autocontrast' }
  /** Flattens the histogram of each channel. */
  | { readonly kind: 'equalize' }
  /** Reads each pixel from another place: rotation, shear, translation, scale. */
  | {
      readonly kind: 'affine';
      readonly matrix: AffineMatrix;
      readonly interpolation: 'nearest' | 'bilinear';
      /** Colour outside the image, three bytes; bilinear edges are a mean of both. Default black. */
      readonly fill?: readonly [number, number, number];
    };

/** What an image is blended with: black, its mean grey, itself in grey, or itself smoothed. */
export type BlendKind = 'brightness' | 'contrast' | 'saturation' | 'sharpness';

const FACTOR = { kind: true, factor: true } as const;

/** What each is described by. */
const NAMES: Readonly<Record<ImageTransform['kind'], Readonly<Record<string, true>>>> = {
  identity: { kind: true },
  brightness: FACTOR,
  contrast: FACTOR,
  saturation: FACTOR,
  sharpness: FACTOR,
  hue: { kind: true, shift: true },
  posterize: { kind: true, bits: true },
  solarize: { kind: true, threshold: true },
  invert: { kind: true },
  autocontrast: { kind: true },
  equalize: { kind: true },
  affine: { kind: true, matrix: true, interpolation: true, fill: true },
};

/** The numbers that kernels know the transforms by. Those from 1 to `LAST_TABLE` change each byte by a table. */
export const TRANSFORM = {
  identity: 0,
  brightness: 1,
  contrast: 2,
  posterize: 3,
  solarize: 4,
  invert: 5,
  autocontrast: 6,
  equalize: 7,
  saturation: 8,
  hue: 9,
  sharpness: 10,
  affine: 11,
} as const;

export const LAST_TABLE = TRANSFORM.equalize;

/** Whole numbers per image: transform, 1 for bilinear, binary places of positions, fill, six numbers of positions. */
export const CODES = 10;
/** Floats per image: the transform's number, and 1 less it, each rounded to float32 by itself as PyTorch does. */
export const AMOUNTS = 2;

export interface EncodedTransforms {
  /** [images, CODES]. */
  readonly codes: Int32Array;
  /** [images, AMOUNTS]. */
  readonly amounts: Float32Array;
}

/** Throws AttuneError 'shape' when a transform's number is none that it takes, 'usage' for one that there is not. */
export function encodeTransforms(
  transforms: readonly ImageTransform[],
  height: number,
  width: number,
): EncodedTransforms {
  const codes = new Int32Array(transforms.length * CODES);
  const amounts = new Float32Array(transforms.length * AMOUNTS);
  transforms.forEach((transform, image) => {
    refuseUnknownKind(transform?.kind, NAMES, 'transform', 'transformImages');
    refuseUnknownOptions(transform, NAMES[transform.kind], 'transformImages');
    const amount = amountOf(transform);
    amounts.set([amount, 1 - amount], image * AMOUNTS);
    codes[image * CODES] = TRANSFORM[transform.kind];
    if (transform.kind !== 'affine') return;
    const { matrix, interpolation, fill = [0, 0, 0] } = transform;
    if (fill.some((byte) => !isWhole(byte, 0, 255)))
      throw refused('affine', 'the fill', String(fill), 'give bytes, from 0 to 255');
    const { places, numbers } = sampledPositions(matrix, height, width);
    const packed = fill[0] + 256 * fill[1] + 65536 * fill[2];
    codes.set([Number(interpolation === 'bilinear'), places, packed, ...numbers], image * CODES + 1);
  });
  return { codes, amounts };
}

function amountOf(transform: ImageTransform): number {
  switch (transform.kind) {
    case 'hue':
      if (!(Math.abs(transform.shift) <= 0.5))
        throw refused('hue', 'the shift', transform.shift, 'give a number from -0.5 to 0.5');
      return transform.shift;
    case 'posterize':
      if (!isWhole(transform.bits, 0, 8))
        throw refused('posterize', 'the number of bits', transform.bits, 'give a whole number from 0 to 8');
      return transform.bits;
    case 'solarize':
      if (!Number.isFinite(transform.threshold))
        throw refused('solarize', 'the threshold', transform.threshold, 'give a finite number');
      return transform.threshold;
    case 'brightness':
    case 'contrast':
    case 'saturation':
    case 'sharpness':
      if (!(transform.factor >= 0 && transform.factor < Number.POSITIVE_INFINITY))
        throw refused(transform.kind, 'the factor', transform.factor, 'give a finite number of at least 0');
      return transform.factor;
    default:
      return 0;
  }
}

const isWhole = (value: number, least: number, largest: number) =>
  Number.isInteger(value) && value >= least && value <= largest;

function refused(kind: ImageTransform['kind'], what: string, value: number | string, hint: string) {
  return shapeError('transformImages', `${value} is nothing that ${what} of ${kind} can be`, hint);
}
