/** From pixels to the bytes of an image file. */

import type { RgbImage } from './decode.js';
import { loadSharp } from './sharp.js';

/** A PNG file of a picture, lossless. */
export async function encodePng({ width, height, pixels }: RgbImage): Promise<Uint8Array> {
  return loadSharp()(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
