/** From pixels to the bytes of an image file. */

import { crc32 } from '../../formats/index.js';
import type { RgbImage } from '../picture.js';
import { loadSharp } from './sharp.js';

/** What tells a picture that attune has written from others: the entry that PNG has for the program. */
export const PNG_MARK = 'tEXtSoftware\0attune';
/** Behind the signature and the header of a PNG file, which are always as long. */
const BEHIND_HEADER = 33;

/** A PNG file with the mark. */
export async function encodeOwnPng(image: RgbImage): Promise<Uint8Array> {
  const png = await encodePng(image);
  const entry = Buffer.from(PNG_MARK, 'latin1');
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(entry.length - 'tEXt'.length);
  sum.writeUInt32BE(crc32(entry));
  return Buffer.concat([png.subarray(0, BEHIND_HEADER), length, entry, sum, png.subarray(BEHIND_HEADER)]);
}

/** A PNG file of a picture, lossless. */
export async function encodePng({ width, height, pixels }: RgbImage): Promise<Uint8Array> {
  return loadSharp()(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
