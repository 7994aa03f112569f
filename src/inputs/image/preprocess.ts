/**
 * From a picture to what a network reads: torchvision's evaluation preprocessing.
 *
 * Resize(short side), CenterCrop(size), then (x / 255 - mean) / std per channel. Sizes, offsets
 * and the arithmetic follow torchvision 0.14 including its roundings, so that the pixels are
 * equal and not merely close. The settings are one plain object; it is stored beside trained
 * weights, so that prediction cannot differ from training.
 */

import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import type { RgbImage } from '../picture.js';
import { pixelLimit } from './decode.js';
import { type Interpolation, type Rectangle, resizeImage } from './resize.js';

export interface Preprocessing {
  /** Short side in pixels after resizing. */
  readonly resize: number;
  /** Side of the square cut from the centre; null keeps the whole resized picture. */
  readonly crop: number | null;
  /** Per channel (red, green, blue), on the scale 0 .. 1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly interpolation: Interpolation;
}

const NAMES: OptionNames<Preprocessing> = {
  resize: true,
  crop: true,
  mean: true,
  std: true,
  interpolation: true,
};

/** Throws AttuneError 'usage' for settings of another name, and where one is missing: no default is right for every model. */
export function requirePreprocessing(settings: Preprocessing, where: string): void {
  refuseUnknownOptions(settings, NAMES, where);
  for (const name of Object.keys(NAMES) as (keyof Preprocessing)[]) {
    if (settings[name] !== undefined) continue;
    const hint = 'begin with imagenetPreprocessing(224), or the preprocessing of findModel(name)';
    throw new AttuneError({ code: 'usage', what: `the preprocessing has no ${name}`, where, hint });
  }
}

/**
 * The preprocessing of torchvision's ImageNet models.
 * @param crop side of the network's input in pixels
 * @param resize short side before the crop; 256 / 224 of the crop unless given (V2 weights: 232)
 */
export function imagenetPreprocessing(crop = 224, resize = Math.round((crop * 256) / 224)): Preprocessing {
  return {
    resize,
    crop,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    interpolation: 'bilinear',
  };
}

/**
 * Resizes and crops; the result is `crop` x `crop`, or the whole resized picture. Throws AttuneError 'usage' for settings
 * that are unknown or missing.
 */
export function preprocessImage(image: RgbImage, settings: Preprocessing): RgbImage {
  requirePreprocessing(settings, 'preprocessImage');
  const { resize, crop, interpolation } = settings;
  const { width, height } = resizedSize(image, resize);
  if (crop === null) {
    refuseTooLarge(image, width, height);
    return resizeImage(image, width, height, interpolation);
  }
  const window = centerWindow(width, height, crop);
  return padToSquare(resizeImage(image, width, height, interpolation, window), crop);
}

/**
 * Cuts the square in the middle out of a picture that is already resized: the pixels that
 * `preprocessImage` gives with this crop. The result shares no memory with the picture.
 */
export function centerCropImage(image: RgbImage, side: number): RgbImage {
  return padToSquare(cropImage(image, centerWindow(image.width, image.height, side)), side);
}

/** Copies a rectangle, which must lie inside, out of a picture. */
export function cropImage({ width, pixels }: RgbImage, window: Rectangle): RgbImage {
  const rowLength = window.width * 3;
  const cropped = new Uint8Array(window.height * rowLength);
  for (let row = 0; row < window.height; row++) {
    const from = ((window.top + row) * width + window.left) * 3;
    cropped.set(pixels.subarray(from, from + rowLength), row * rowLength);
  }
  return { width: window.width, height: window.height, pixels: cropped };
}

/**
 * What of a picture a network sees, in pixels of the picture as it is: all of it, or the square in its middle, which
 * reaches beyond a picture that is padded.
 */
export function seenWindow(
  size: { readonly width: number; readonly height: number },
  { resize, crop }: Pick<Preprocessing, 'resize' | 'crop'>,
): Rectangle {
  const { width, height } = size;
  if (crop === null) return { left: 0, top: 0, width, height };
  const resized = resizedSize(size, resize);
  const [across, down] = [width / resized.width, height / resized.height];
  return {
    left: cropStart(resized.width, crop) * across,
    top: cropStart(resized.height, crop) * down,
    width: crop * across,
    height: crop * down,
  };
}

/** torchvision's size rule: the short side becomes `short`, the long one is rounded down. */
export function resizedSize(
  { width, height }: { readonly width: number; readonly height: number },
  short: number,
): { width: number; height: number } {
  return width <= height
    ? { width: short, height: Math.trunc((short * height) / width) }
    : { width: Math.trunc((short * width) / height), height: short };
}

/**
 * Where a crop begins. Too small a picture is padded, the odd pixel at the end: torchvision pads
 * floor(missing / 2) before. Else Python's round((size - crop) / 2), which takes halves to even.
 */
function cropStart(size: number, crop: number): number {
  return size < crop ? -Math.floor((crop - size) / 2) : roundHalfToEven((size - crop) / 2);
}

/** Python's `round`: of two equally near integers the even one. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below + Math.abs(below % 2);
}

/** What a picture has of the square in its middle: all of it, unless the picture is smaller. */
function centerWindow(width: number, height: number, side: number): Rectangle {
  return {
    left: Math.max(0, cropStart(width, side)),
    top: Math.max(0, cropStart(height, side)),
    width: Math.min(width, side),
    height: Math.min(height, side),
  };
}

/** Centres a picture, nowhere larger than the square, on black. */
function padToSquare(image: RgbImage, side: number): RgbImage {
  const { width, height, pixels } = image;
  if (width === side && height === side) return image;
  const padded = new Uint8Array(side * side * 3);
  const left = -cropStart(width, side);
  const top = -cropStart(height, side);
  for (let row = 0; row < height; row++) {
    const source = pixels.subarray(row * width * 3, (row + 1) * width * 3);
    padded.set(source, ((top + row) * side + left) * 3);
  }
  return { width: side, height: side, pixels: padded };
}

/** A strip of one pixel by ten thousand would otherwise grow to gigabytes. */
function refuseTooLarge(image: RgbImage, width: number, height: number): void {
  if (width * height <= pixelLimit) return;
  throw new AttuneError({
    code: 'input',
    what: `a picture of ${image.width} x ${image.height} pixels would be resized to ${width} x ${height}`,
    where: 'preprocessing',
    hint: 'remove the picture, its sides differ too much',
  });
}

/**
 * Scales 8-bit channels-last pixels to network input: (x / 255 - mean) / std, each step rounded
 * to float32 as PyTorch does, so that the values are equal to the bit.
 *
 * @param pixels any number of pixels, three bytes each
 * @param out where to write, of the same length; default: a new array
 */
export function normalize(
  pixels: Uint8Array,
  { mean, std }: Pick<Preprocessing, 'mean' | 'std'>,
  out: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  const [red, green, blue] = [0, 1, 2].map((c) => normalizedValues(mean[c], std[c]));
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = red[pixels[i]];
    out[i + 1] = green[pixels[i + 1]];
    out[i + 2] = blue[pixels[i + 2]];
  }
  return out;
}

/** The normalised value of each of the 256 bytes, for one channel. */
function normalizedValues(mean: number, std: number): Float32Array {
  const [mean32, std32] = [Math.fround(mean), Math.fround(std)];
  return Float32Array.from({ length: 256 }, (_, byte) =>
    Math.fround(Math.fround(Math.fround(byte / 255) - mean32) / std32),
  );
}
