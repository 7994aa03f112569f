/** The two passes of resizing (resize.ts) as plain loops: the reference of resize-simd.ts, and used where there is no SIMD. */
import type { RgbImage } from '../picture.js';
import { PRECISION_BITS, type SampleWeights } from './sample-weights.js';

const HALF = 1 << (PRECISION_BITS - 1);

interface Rows {
  readonly width: number;
  readonly pixels: Uint8Array;
}

/** The pixels of the outputs that the weights are for. */
export function resizePlain(image: RgbImage, across: SampleWeights, down: SampleWeights): Uint8Array {
  // The vertical pass reads only these rows, so the horizontal pass makes only them.
  const last = down.starts.length - 1;
  const firstRow = down.starts[0];
  const rows = resizeAcross(image, across, firstRow, down.starts[last] + down.counts[last]);
  return resizeDown(rows, down, firstRow);
}

/** Horizontal pass over the input rows `firstRow` .. `endRow`-1. */
function resizeAcross(
  { width, pixels }: RgbImage,
  { starts, counts, weights, stride }: SampleWeights,
  firstRow: number,
  endRow: number,
): Rows {
  const outWidth = starts.length;
  const result = new Uint8ClampedArray((endRow - firstRow) * outWidth * 3);
  let to = 0;
  for (let row = firstRow; row < endRow; row++) {
    const rowStart = row * width * 3;
    for (let out = 0; out < outWidth; out++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = rowStart + starts[out] * 3;
      const end = out * stride + counts[out];
      for (let k = out * stride; k < end; k++) {
        const weight = weights[k];
        red += Math.imul(pixels[from], weight);
        green += Math.imul(pixels[from + 1], weight);
        blue += Math.imul(pixels[from + 2], weight);
        from += 3;
      }
      // Storing into a clamped array limits the overshoot to 0 .. 255.
      result[to] = red >> PRECISION_BITS;
      result[to + 1] = green >> PRECISION_BITS;
      result[to + 2] = blue >> PRECISION_BITS;
      to += 3;
    }
  }
  return { width: outWidth, pixels: bytesOf(result) };
}

/** Vertical pass: whole rows are added up, so that memory is read in order. */
function resizeDown(
  { width, pixels }: Rows,
  { starts, counts, weights, stride }: SampleWeights,
  firstRow: number,
): Uint8Array {
  const rowLength = width * 3;
  const result = new Uint8ClampedArray(starts.length * rowLength);
  const sums = new Int32Array(rowLength);
  for (let out = 0; out < starts.length; out++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[out]; k++) {
      const weight = weights[out * stride + k];
      const from = (starts[out] - firstRow + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i] += Math.imul(pixels[from + i], weight);
    }
    const to = out * rowLength;
    for (let i = 0; i < rowLength; i++) result[to + i] = sums[i] >> PRECISION_BITS;
  }
  return bytesOf(result);
}

function bytesOf(clamped: Uint8ClampedArray): Uint8Array {
  return new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.length);
}
