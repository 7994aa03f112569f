/**
 * RandAugment (Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space", 2019) and
 * TrivialAugment (Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", 2021): the
 * transforms that they choose from, and how strong each is at each of 31 magnitudes, as in torchvision 0.14.
 */
import { affineMatrix } from '../../ops/image/image-affine.js';
import type { ImageTransform } from '../../ops/image/image-transform.js';
import type { Random } from '../random.js';

/** Magnitudes are numbered from 0 to 30. */
export const MAGNITUDES = 31;

/** One choice: its strength by the number of the magnitude, and what that makes of an image. */
export interface PolicyChoice {
  readonly name: string;
  /** Empty: it has no strength. */
  readonly magnitudes: readonly number[];
  /** In half of the cases the strength is taken negative. */
  readonly signed: boolean;
  transform(magnitude: number, side: number): ImageTransform;
}

/** What RandAugment chooses from for images of `side` x `side`. */
export function randAugmentChoices(side: number): readonly PolicyChoice[] {
  return choices({ shear: 0.3, translate: (150 / 331) * side, rotate: 30, blend: 0.9, leastBits: 4 });
}

/** What TrivialAugment ("wide") chooses from. */
export const TRIVIAL_CHOICES: readonly PolicyChoice[] = choices({
  shear: 0.99,
  translate: 32,
  rotate: 135,
  blend: 0.99,
  leastBits: 2,
});

/** A transform by chance: the choice, its sign, and its magnitude unless one is given. */
export function drawChoice(
  from: readonly PolicyChoice[],
  random: Random,
  side: number,
  magnitude?: number,
): ImageTransform {
  const { magnitudes, signed, transform } = from[random.below(from.length)];
  if (magnitudes.length === 0) return transform(0, side);
  const strength = magnitudes[magnitude ?? random.below(MAGNITUDES)];
  return transform(signed && random.below(2) === 1 ? -strength : strength, side);
}

interface Extremes {
  readonly shear: number;
  /** Pixels. */
  readonly translate: number;
  /** Degrees. */
  readonly rotate: number;
  readonly blend: number;
  readonly leastBits: number;
}

function choices({ shear, translate, rotate, blend, leastBits }: Extremes): PolicyChoice[] {
  const signed = (name: string, most: number, transform: PolicyChoice['transform']): PolicyChoice => ({
    name,
    magnitudes: evenly(0, most),
    signed: true,
    transform,
  });
  const plain = (name: string, magnitudes: number[], transform: PolicyChoice['transform']) => ({
    name,
    magnitudes,
    signed: false,
    transform,
  });
  // Shears keep the upper left corner where it is.
  const sheared = (shearX: number, shearY: number, side: number) =>
    affine({ shear: [degrees(shearX), degrees(shearY)], center: [-side / 2, -side / 2] });
  const bits = Array.from({ length: MAGNITUDES }, (_, i) =>
    Math.round(8 - (i / (MAGNITUDES - 1)) * (8 - leastBits)),
  );
  return [
    plain('Identity', [], () => ({ kind: 'identity' })),
    signed('ShearX', shear, (magnitude, side) => sheared(magnitude, 0, side)),
    signed('ShearY', shear, (magnitude, side) => sheared(0, magnitude, side)),
    signed('TranslateX', translate, (magnitude) => affine({ translate: [Math.trunc(magnitude), 0] })),
    signed('TranslateY', translate, (magnitude) => affine({ translate: [0, Math.trunc(magnitude)] })),
    signed('Rotate', rotate, (magnitude) => affine({ angle: -magnitude })),
    signed('Brightness', blend, (magnitude) => ({ kind: 'brightness', factor: 1 + magnitude })),
    signed('Color', blend, (magnitude) => ({ kind: 'saturation', factor: 1 + magnitude })),
    signed('Contrast', blend, (magnitude) => ({ kind: 'contrast', factor: 1 + magnitude })),
    signed('Sharpness', blend, (magnitude) => ({ kind: 'sharpness', factor: 1 + magnitude })),
    plain('Posterize', bits, (magnitude) => ({ kind: 'posterize', bits: magnitude })),
    plain('Solarize', evenly(255, 0), (threshold) => ({ kind: 'solarize', threshold })),
    plain('AutoContrast', [], () => ({ kind: 'autocontrast' })),
    plain('Equalize', [], () => ({ kind: 'equalize' })),
  ];
}

function affine(options: Parameters<typeof affineMatrix>[0]): ImageTransform {
  return { kind: 'affine', matrix: affineMatrix(options), interpolation: 'nearest' };
}

const degrees = (slope: number) => (Math.atan(slope) * 180) / Math.PI;

/** `MAGNITUDES` numbers from `first` to `last`, each from the nearer end and rounded to float32 once, as `torch.linspace`. */
function evenly(first: number, last: number): number[] {
  const end = Math.fround(last);
  const step = Math.fround((end - first) / (MAGNITUDES - 1));
  return Array.from({ length: MAGNITUDES }, (_, i) =>
    Math.fround(i < MAGNITUDES / 2 ? first + step * i : end - step * (MAGNITUDES - 1 - i)),
  );
}
