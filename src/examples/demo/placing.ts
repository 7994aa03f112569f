/**
 * Puts a garment of Fashion-MNIST somewhere: 28 x 28 pixels onto 32 x 32, at a random scale from 0.55 to 1, turned by
 * up to 25 degrees, at a random position. Where a thing is, and how large, is then no hint at what it is; a
 * photograph is like that, the original images are not.
 *
 * The place follows from the seed and the garment's number, so that every garment is placed once and for all. A pixel
 * is the mean of 3 x 3 bilinear samples, which keeps small garments free of aliasing; outside of the garment's
 * square all is black, as inside.
 */
import { uniforms } from '../../tensor/philox.js';

/** Side of a garment in Fashion-MNIST, in pixels. */
export const GARMENT_SIDE = 28;
/** Side of the placed image, in pixels. */
export const SIDE = 32;

const LEAST_SCALE = 0.55;
const LARGEST_ANGLE = (25 * Math.PI) / 180;
/** Samples of a pixel along each side. */
const SAMPLES = 3;
/** What the random numbers are for, beside the engine's own purposes. */
const PURPOSE = 100;

export interface Place {
  /** Pixels of the placed image per pixel of the garment, 0.55 to 1. */
  readonly scale: number;
  /** Clockwise in radians, as y points down. */
  readonly angle: number;
  /** Centre of the garment in the placed image, in pixels from its upper left corner. */
  readonly x: number;
  readonly y: number;
}

/** The place of garment `index`, a whole number. Its square, not turned, lies within the image. */
export function placeOf(index: number, seed: number): Place {
  const [forScale, forAngle, forX, forY] = uniforms(4, seed, PURPOSE, index);
  const scale = LEAST_SCALE + (1 - LEAST_SCALE) * forScale;
  const half = (scale * GARMENT_SIDE) / 2;
  const room = SIDE - 2 * half;
  return {
    scale,
    angle: (2 * forAngle - 1) * LARGEST_ANGLE,
    x: half + room * forX,
    y: half + room * forY,
  };
}

/** A garment [28, 28] at its place: [32, 32], bytes like the garment's. */
export function placeGarment(garment: Uint8Array, { scale, angle, x, y }: Place): Uint8Array {
  const [cosine, sine] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const placed = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      let sum = 0;
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
        const dx = column + ((sample % SAMPLES) + 0.5) / SAMPLES - x;
        const dy = row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES - y;
        // Turned back and enlarged again; pixel i of the garment has its centre at i + 0.5.
        const u = GARMENT_SIDE / 2 + cosine * dx + sine * dy - 0.5;
        const v = GARMENT_SIDE / 2 - sine * dx + cosine * dy - 0.5;
        sum += bilinear(garment, u, v);
      }
      placed[row * SIDE + column] = Math.round(sum / (SAMPLES * SAMPLES));
    }
  }
  return placed;
}

/** The value at column `u` and row `v`, between pixel centres; black outside. */
function bilinear(garment: Uint8Array, u: number, v: number): number {
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, bottom] = [u - left, v - top];
  const upper = (1 - right) * pixel(garment, left, top) + right * pixel(garment, left + 1, top);
  const lower = (1 - right) * pixel(garment, left, top + 1) + right * pixel(garment, left + 1, top + 1);
  return (1 - bottom) * upper + bottom * lower;
}

function pixel(garment: Uint8Array, column: number, row: number): number {
  const inside = column >= 0 && column < GARMENT_SIDE && row >= 0 && row < GARMENT_SIDE;
  return inside ? garment[row * GARMENT_SIDE + column] : 0;
}
