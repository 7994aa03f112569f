/**
 * Where the pixels of a resized image lie in the one that it is made from, along one axis, as PyTorch's `interpolate`
 * has it. Coordinates are fractions of whole numbers, so that every device takes the same pixels:
 *
 *     nearest         i size / outSize, cut off
 *     centres meet    (i + 1/2) size / outSize - 1/2
 *     corners meet    i (size - 1) / (outSize - 1), and 0 where outSize is 1
 *
 * A pixel is the sum of `taps` neighbours times weights of the fraction: one, two by their distance, or four by Keys's
 * cubic with a = -3/4 ("Cubic convolution interpolation for digital image processing", 1981). Neighbours beyond the edge
 * are those at the edge. shaders/lib/resize-axis.wgsl and device/cpu/simd/resize.ts do the same.
 */
import { shapeError } from '../../tensor/shape.js';

/** Of which neighbours a pixel is made: see ResizeOptions. */
export type ResizeMode = 'nearest' | 'bilinear' | 'bicubic';

/** Neighbours along an axis by mode. */
export const TAPS: Readonly<Record<ResizeMode, number>> = { nearest: 1, bilinear: 2, bicubic: 4 };

/** Pixel i lies at (step i + start) / unit - 1 of the axis: as `start` is positive, kernels need no sign. */
export interface ResizeAxis {
  readonly step: number;
  readonly start: number;
  readonly unit: number;
}

/** The axis of `size` pixels resized to `outSize`. Throws where kernels cannot count its fractions. */
export function resizeAxis(
  size: number,
  outSize: number,
  mode: ResizeMode,
  alignCorners: boolean,
): ResizeAxis {
  const [step, start, unit] =
    mode === 'nearest'
      ? [size, 0, outSize]
      : alignCorners
        ? // One pixel has all its neighbours at one place, whatever the step.
          [Math.max(1, size - 1), 0, Math.max(1, outSize - 1)]
        : [2 * size, size - outSize, 2 * outSize];
  const common = greatestDivisor(greatestDivisor(step, unit), Math.abs(start));
  const axis = { step: step / common, start: (start + unit) / common, unit: unit / common };
  if (Math.max((size + 4) * axis.unit + axis.step, outSize * axis.step + axis.start) >= 2 ** 31) {
    throw shapeError(
      'resize',
      `${size} pixels cannot be resized to ${outSize}: the fractions between them are too many`,
      'choose a size that has a large divisor in common with it',
    );
  }
  return axis;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The first neighbour of a pixel before it, from the one at or left of it: only the cubic has one. */
const before = (taps: number) => (taps === 4 ? 1 : 0);

/** The neighbours of pixel `out`, and their weights: `places` and `weights` have `taps` elements. */
export function neighbours(
  { step, start, unit }: ResizeAxis,
  size: number,
  out: number,
  places: Int32Array,
  weights: Float64Array,
): void {
  const taps = places.length;
  const scaled = step * out + start;
  const first = Math.floor(scaled / unit) - 1 - before(taps);
  for (let k = 0; k < taps; k++) {
    places[k] = Math.min(Math.max(first + k, 0), size - 1);
    weights[k] = weightOf(taps, k, (scaled % unit) / unit);
  }
}

function weightOf(taps: number, k: number, t: number): number {
  if (taps === 1) return 1;
  if (taps === 2) return k === 0 ? 1 - t : t;
  const distance = Math.abs(t + 1 - k);
  return distance <= 1
    ? (1 - distance) * (1 + distance - 1.25 * distance * distance)
    : 0.75 * (1 - distance) * (2 - distance) * (2 - distance);
}

/** The pixels first <= out < end that have `place` as a neighbour. */
export function pixelsOver(
  axis: ResizeAxis,
  size: number,
  outSize: number,
  taps: number,
  place: number,
): readonly [first: number, end: number] {
  const last = place + 1 + before(taps);
  return [
    Math.min(outSize, firstFrom(axis, last - taps)),
    place === size - 1 ? outSize : Math.min(outSize, firstFrom(axis, last)),
  ];
}

/** The first pixel that lies at `place` or behind it. */
function firstFrom({ step, start, unit }: ResizeAxis, place: number): number {
  return Math.max(0, Math.ceil(((place + 1) * unit - start) / step));
}
