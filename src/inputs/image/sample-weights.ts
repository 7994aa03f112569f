/**
 * The weights of antialiased resizing, as Pillow computes them: for each output sample along one axis, which inputs it
 * is a mean of, and how much each of them weighs.
 *
 * Weights are fixed-point numbers with 32 - 8 - 2 = 22 fractional bits: 8 bits for the sample and 2 for the overshoot
 * of bicubic leave room in a signed 32-bit sum, and the sums agree on every machine.
 */

import { AttuneError } from '../../errors.js';
import { nearest } from '../../nearest.js';

export type Interpolation = 'bilinear' | 'bicubic';

export const PRECISION_BITS = 32 - 8 - 2;

/** For each output sample: where its input begins, how many inputs it has, and their weights. */
export interface SampleWeights {
  /** Never falls from one output to the next; nor does start + count. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `stride` weights for each output sample, the first `count` of them in use, the others 0. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** A filter: how far it reaches at scale 1, and its weight at a distance. */
interface Filter {
  readonly support: number;
  weight(distance: number): number;
}

const filters: Record<Interpolation, Filter> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: keysCubic },
};

/** The cubic of Keys (1981) with a = -0.5. */
function keysCubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** JavaScript may ask for any. */
function filterOf(interpolation: Interpolation): Filter {
  if (Object.hasOwn(filters, interpolation)) return filters[interpolation];
  const names = Object.keys(filters);
  const guess = nearest(String(interpolation), names);
  throw new AttuneError({
    code: 'usage',
    what: `there is no interpolation ${String(interpolation)}`,
    where: 'interpolation',
    hint: guess === undefined ? `choose ${names.join(' or ')}` : `did you mean ${guess}?`,
  });
}

/** Weights of the outputs `first` .. `first + length` - 1 of an axis that goes from `inSize` to `outSize` samples. */
export function sampleWeights(
  interpolation: Interpolation,
  inSize: number,
  outSize: number,
  first: number,
  length: number,
): SampleWeights {
  const filter = filterOf(interpolation);
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Int32Array(length * stride);
  const exact = new Float64Array(stride);
  const inverse = 1 / filterScale;

  for (let out = 0; out < length; out++) {
    const center = (first + out + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inSize, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let i = 0; i < end - start; i++) {
      exact[i] = filter.weight((i + start - center + 0.5) * inverse);
      sum += exact[i];
    }
    for (let i = 0; i < end - start; i++) {
      const share = sum === 0 ? exact[i] : exact[i] / sum;
      weights[out * stride + i] = Math.trunc(share * 2 ** PRECISION_BITS + (share < 0 ? -0.5 : 0.5));
    }
    starts[out] = start;
    counts[out] = end - start;
  }
  return { starts, counts, weights, stride };
}
