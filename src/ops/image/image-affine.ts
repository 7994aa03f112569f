/**
 * Affine transforms of images: from angle, shift, scale and shear to the place that each pixel is read from.
 *
 * Places are whole numbers with `places` binary digits behind the point, as in Pillow: a device adds and shifts, and
 * which pixel is the nearest does not depend on how it rounds floats.
 */
import { maxOf } from '../../extremes.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError } from '../../tensor/shape.js';

/**
 * The numbers a to f: the pixel at (x, y) is read at (a x + b y + c, d x + e y + f), both from the image's centre, in
 * pixels, y downwards.
 */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** A motion of a picture, as torchvision's `affine` takes it. */
export interface AffineOptions {
  /** Degrees, clockwise. */
  readonly angle?: number;
  /** Pixels to the right and downwards. */
  readonly translate?: readonly [number, number];
  /** Above 0. */
  readonly scale?: number;
  /** Degrees along x and y. */
  readonly shear?: readonly [number, number];
  /** What stays where it is, in pixels from the image's centre. */
  readonly center?: readonly [number, number];
}

const NAMES: OptionNames<AffineOptions> = {
  angle: true,
  translate: true,
  scale: true,
  shear: true,
  center: true,
};

/**
 * The inverse of: shear, scale and rotate around `center`, then translate (torchvision 0.14,
 * `_get_inverse_affine_matrix`). torchvision's `rotate` turns the other way: its angle is the negative of this one.
 * Throws AttuneError 'usage' for an unknown option.
 */
export function affineMatrix(options: AffineOptions): AffineMatrix {
  refuseUnknownOptions(options, NAMES, 'affineMatrix');
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], center = [0, 0] } = options;
  const [rotation, shearX, shearY] = [angle, ...shear].map((degrees) => (degrees * Math.PI) / 180);
  // Rotation and shears without scale; its determinant is 1.
  const a = Math.cos(rotation - shearY) / Math.cos(shearY);
  const b = -a * Math.tan(shearX) - Math.sin(rotation);
  const c = Math.sin(rotation - shearY) / Math.cos(shearY);
  const d = -c * Math.tan(shearX) + Math.cos(rotation);
  const [xx, xy, yx, yy] = [d, -b, -c, a].map((value) => value / scale);
  const [centerX, centerY] = center;
  const [x, y] = [-centerX - translate[0], -centerY - translate[1]];
  return [xx, xy, xx * x + xy * y + centerX, yx, yy, yx * x + yy * y + centerY];
}

/** Most binary places: a fraction of them is exact in float32. */
const MOST_PLACES = 22;
/** Positions need this many bits beside sign and rounding. */
const POSITION_BITS = 30;

/**
 * Six whole numbers: the pixel in column x and row y is read at (n0 x + n1 y + n2, n3 x + n4 y + n5) / 2^places, as
 * column and row counted from the centre of the first pixel. Throws AttuneError 'shape' when a matrix reaches farther
 * than 32 bits can.
 */
export function sampledPositions(
  [a, b, c, d, e, f]: AffineMatrix,
  height: number,
  width: number,
): { readonly places: number; readonly numbers: readonly number[] } {
  const [left, top] = [(1 - width) / 2, (1 - height) / 2];
  const start = [a * left + b * top + c - left, d * left + e * top + f - top];
  const sizes = [width, height, width, height];
  const reach = maxOf(
    [...[a, b, d, e].map((value, i) => Math.abs(value) * sizes[i]), ...start.map(Math.abs)],
    1,
  );
  // Three terms are added, each of them no farther than `reach`.
  const places = Math.min(MOST_PLACES, POSITION_BITS - Math.ceil(Math.log2(3 * reach + 1)));
  if (!(places >= 8)) {
    throw shapeError(
      'transformImages',
      `an affine matrix ${[a, b, c, d, e, f].map((value) => value.toPrecision(4))} reads ${width} x ${height} pixels too far away`,
      'scale, shear or move the images by less',
    );
  }
  const numbers = [a, b, start[0], d, e, start[1]].map((value) => Math.round(value * 2 ** places));
  return { places, numbers };
}
