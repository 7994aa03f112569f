/**
 * From the bytes of an image file to 8-bit sRGB pixels.
 *
 * Plain JPEG and PNG give exactly the pixels that Pillow gives (measured: no difference over
 * qualities 50 to 95, all chroma subsamplings, progressive, grey, palette), so that networks see
 * what they were trained on. Beyond plain:
 *
 * - EXIF orientation is applied; of an animation or a multi-page file the first frame is taken.
 * - An embedded colour profile is applied, the result is sRGB. CMYK without a profile has no
 *   defined colour; the ink complement is used, as Pillow (and so torchvision) does.
 * - 16 bits become 8 by rounding x * 255 / 65535, which maps white to white; no truncation.
 * - Alpha is composited over white.
 *
 * sharp (libvips) decodes.
 */

import type { Metadata, Sharp } from 'sharp';
import { AttuneError } from '../../errors.js';
import { loadSharp } from './sharp.js';
import type { RgbImage } from '../picture.js';
import { sniffImage } from '../sniff.js';
import { readWhole } from '../whole-file.js';

/**
 * More pixels than this are refused before they are decoded. Twice 1 GiB / 4 / 3, the bound that
 * Pillow calls a decompression bomb: half a gigabyte of RGB, and above any camera's pictures.
 */
export const pixelLimit = 178_956_970;

/** A larger file is no photograph, and reading it whole would fill the memory. */
const fileSizeLimit = 2 ** 30;

/** Attempts at decoding a picture that fails without a word. */
const mostAttempts = 4;

/**
 * Decodes one image.
 *
 * @param input path of a file, or its bytes
 * @param name how errors call the bytes; for a path it is the path
 * @throws AttuneError 'input' with the path and the reason: not a file, empty, no image, a format
 *   that is not supported, too many pixels, truncated or damaged; 'usage' for what is neither path nor bytes
 */
export async function decodeImage(
  input: string | Uint8Array,
  name = typeof input === 'string' ? input : 'image bytes',
): Promise<RgbImage> {
  // JavaScript may give anything.
  if (typeof input !== 'string' && !(input instanceof Uint8Array))
    throw new AttuneError({
      code: 'usage',
      what: 'the image is neither a path nor the bytes of a file',
      where: 'decodeImage',
      hint: 'give a path, or what readFile of node:fs/promises gives',
    });
  const bytes = typeof input === 'string' ? await readImageFile(input) : input;
  refuseUnlessImage(bytes, name);
  for (let attempt = 1; ; attempt++) {
    try {
      return await decodeBytes(bytes, name);
    } catch (error) {
      if (error instanceof AttuneError) throw error;
      const reason = reasonOf(error);
      // Another thread has taken the decoder's words: asked again, it says what is wrong.
      if (reason === '' && attempt < mostAttempts) continue;
      throw unreadable(`the image cannot be decoded${reason}`, name, error);
    }
  }
}

async function decodeBytes(bytes: Uint8Array, name: string): Promise<RgbImage> {
  const sharp = loadSharp();
  // The header alone is read here; our own check words the refusal.
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  refuseUnlessDecodable(metadata, name);
  return decodePixels(sharp(bytes, { failOn: 'error', limitInputPixels: pixelLimit }), metadata);
}

/**
 * Reads an image file whole.
 * @throws AttuneError 'input' if it is missing, not a regular file, empty, too large or unreadable; 'disk' where the
 *   machine is at fault
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  return readWhole(path, {
    sample: 'image',
    file: 'image file',
    refuseSize(bytes) {
      if (bytes === 0) return 'the image file is empty';
      return bytes > fileSizeLimit ? 'the image file is above 1 GiB' : null;
    },
    unreadable,
  });
}

function refuseUnlessImage(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) throw unreadable('the image file is empty', name);
  const sniffed = sniffImage(bytes);
  if (sniffed.format !== null) return;
  throw new AttuneError({
    code: 'input',
    what: `the content is no image that attune reads; it looks like ${sniffed.looksLike}`,
    where: name,
    hint: 'convert it to JPEG, PNG, WebP, GIF, TIFF or AVIF, or remove it',
  });
}

function refuseUnlessDecodable(metadata: Metadata, name: string): void {
  const { width, height, depth } = metadata;
  const most = mostPixels(metadata);
  if (width * height > most) {
    throw unreadable(`${width} x ${height} pixels are more than the ${most} allowed`, name);
  }
  // Integers above 16 bits and floats have no agreed white; guessing it would darken the picture.
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw unreadable(`pixels of type ${depth} are not supported, only 8 and 16 bits`, name);
  }
}

/**
 * `pixelLimit` for three bytes a pixel. Alpha, inks and 16 bits take more, and the decoder of AVIF holds a picture
 * several times over, so of these fewer pixels are allowed. As measured, no picture then takes more than 1.6 GiB.
 */
function mostPixels({ channels, depth, format }: Metadata): number {
  const bytes = Math.max(3, channels * (depth === 'ushort' ? 2 : 1)) * (format === 'heif' ? 2 : 1);
  return Math.floor((3 * pixelLimit) / bytes);
}

/** Runs the decoder with the colour conversion that the file calls for. */
async function decodePixels(image: Sharp, metadata: Metadata): Promise<RgbImage> {
  const { space, depth, channels, icc } = metadata;
  const upright = image.autoOrient();
  if (space === 'cmyk' && depth === 'uchar' && channels === 4 && !icc) {
    const inks = upright.pipelineColourspace('cmyk').toColourspace('cmyk').raw();
    const { data, info } = await inks.toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: inksToRgb(data) };
  }
  if (depth === 'ushort') {
    // sharp works on profiled 16-bit pictures in Display P3; naming the output profile undoes it.
    const managed = icc ? upright.withIccProfile('srgb') : upright;
    const wideSpace = space === 'grey16' && !icc ? 'grey16' : 'rgb16';
    const wide = managed.toColourspace(wideSpace).raw({ depth: 'ushort' });
    const { data, info } = await wide.toBuffer({ resolveWithObject: true });
    const words = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return toRgb(words, 65535, info);
  }
  const plain = upright.toColourspace('srgb').raw();
  const { data, info } = await plain.toBuffer({ resolveWithObject: true });
  return toRgb(data, 255, info);
}

/**
 * Brings 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) samples a pixel to RGB of 8 bits,
 * composited over white: (v * a + max * (max - a)) / max, rounded once.
 */
function toRgb(
  samples: Uint8Array | Uint16Array,
  maximum: number,
  { width, height, channels }: { width: number; height: number; channels: number },
): RgbImage {
  const count = width * height;
  if (samples instanceof Uint8Array && channels === 3) return { width, height, pixels: samples };
  const pixels = new Uint8Array(count * 3);
  const hasAlpha = channels === 2 || channels === 4;
  const green = channels >= 3 ? 1 : 0;
  const blue = channels >= 3 ? 2 : 0;
  const toByte = 255 / (maximum * maximum);
  for (let pixel = 0, from = 0, to = 0; pixel < count; pixel++, from += channels, to += 3) {
    const alpha = hasAlpha ? samples[from + channels - 1] : maximum;
    const white = maximum * (maximum - alpha);
    pixels[to] = Math.round((samples[from] * alpha + white) * toByte);
    pixels[to + 1] = Math.round((samples[from + green] * alpha + white) * toByte);
    pixels[to + 2] = Math.round((samples[from + blue] * alpha + white) * toByte);
  }
  return { width, height, pixels };
}

/** Cyan, magenta, yellow, black to RGB: (255 - ink) * (255 - black) / 255 in Pillow's rounding. */
function inksToRgb(inks: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4, to += 3) {
    const paper = 255 - inks[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const product = inks[from + channel] * paper + 128;
      pixels[to + channel] = paper - (((product >> 8) + product) >> 8);
    }
  }
  return pixels;
}

function unreadable(what: string, where: string, cause?: unknown): AttuneError {
  return new AttuneError({ code: 'input', what, where, hint: 'replace the file or remove it' }, { cause });
}

/**
 * The decoder's own words, on one line, behind a comma; nothing where it has none: of threads that fail at once, one can
 * take the words of another, which is left with "Unknown error".
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const words = message
    .split('\n')[0]
    .replace(/^Input (buffer|file) /, 'the file ')
    // The decoder says no more than that of some files.
    .replace(/:\s*$/, '')
    .trim();
  return words === '' || words === 'Unknown error' ? '' : `, ${words}`;
}
