/**
 * The picture that `attune explain` writes: the image at its own size with the map where the network looked, the class
 * above it, and below it what the colours mean.
 */
import {
  canWrite,
  drawImage,
  drawText,
  emptySheet,
  LETTER_HEIGHT,
  LETTER_WIDTH,
  type Preprocessing,
  resizeImage,
  type RgbImage,
  seenWindow,
} from '../../inputs/index.js';
import { percent } from '../../text.js';
import type { HeatMap } from './explained.js';
import { overlay, tinted } from './overlay.js';

/** Larger images are made smaller, as no screen shows more. */
const MOST_SIDE = 2048;
/** The pixels of smaller images are repeated, so that words fit beside them. */
const LEAST_SIDE = 224;
/** Pixels of the picture for one of a letter, by its width. */
const LETTER_SHARE = 1 / 160;
/** What the colours of the legend lie on. */
const GREY = 190;

/** An image, and what was found of it. */
export interface PictureFacts {
  readonly image: RgbImage;
  readonly preprocessing: Preprocessing;
  readonly map: HeatMap;
  readonly label: string;
  /** The number of the class, for labels that there are no letters for. */
  readonly index: number;
  readonly probability: number;
}

export function explainedPicture({ image, preprocessing, map, ...answer }: PictureFacts): RgbImage {
  const shown = resized(image);
  const window = seenWindow(shown, preprocessing);
  const scale = Math.max(2, Math.round(shown.width * LETTER_SHARE));
  const width = Math.max(LEAST_SIDE, shown.width);
  const gap = 3 * scale;
  const band = LETTER_HEIGHT * scale + 2 * gap;
  const sheet = emptySheet(width, shown.height + 2 * band);
  const text = canWrite(answer.label) ? answer.label : `class ${answer.index}`;
  drawText(sheet, gap, gap, `${percent(answer.probability)} ${text}`, width - 2 * gap, scale);
  const left = Math.floor((width - shown.width) / 2);
  drawImage(sheet, left, band, overlay(shown, map, window));
  drawLegend(sheet, shown.height + band + gap, scale);
  return sheet;
}

/** The words at the ends of the colours. */
const ENDS = ['little', 'most'] as const;

/** `little`, the colours from the least to the most, `most`. */
function drawLegend(sheet: RgbImage, top: number, scale: number): void {
  const gap = 3 * scale;
  const [before, behind] = ENDS.map((word) => word.length * (LETTER_WIDTH + 1) * scale + gap);
  drawText(sheet, gap, top, ENDS[0], before, scale);
  drawText(sheet, sheet.width - behind, top, ENDS[1], behind, scale);
  const [from, to] = [gap + before, sheet.width - gap - behind];
  for (let x = from; x < to; x++) {
    for (let y = top; y < top + LETTER_HEIGHT * scale; y++) {
      for (let c = 0; c < 3; c++)
        sheet.pixels[(y * sheet.width + x) * 3 + c] = tinted(GREY, (x - from) / (to - 1 - from), c);
    }
  }
}

/** At its own size, but for very large and very small ones. */
function resized(image: RgbImage): RgbImage {
  const { width, height } = image;
  const longest = Math.max(width, height);
  if (longest > MOST_SIDE) {
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round((side * MOST_SIDE) / longest)));
    return resizeImage(image, w, h, 'bilinear');
  }
  return longest < LEAST_SIDE ? repeated(image, Math.ceil(LEAST_SIDE / longest)) : image;
}

/** Each pixel as a square of pixels. */
function repeated({ width, height, pixels }: RgbImage, times: number): RgbImage {
  const result = new Uint8Array(width * height * times * times * 3);
  for (let y = 0; y < height * times; y++) {
    for (let x = 0; x < width * times; x++) {
      const from = (Math.floor(y / times) * width + Math.floor(x / times)) * 3;
      result.set(pixels.subarray(from, from + 3), (y * width * times + x) * 3);
    }
  }
  return { width: width * times, height: height * times, pixels: result };
}
