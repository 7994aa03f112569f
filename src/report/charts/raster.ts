/** Charts as PNG files. */
import { maxOf } from '../../extremes.js';
import { loadSharp } from '../../inputs/index.js';
import { HALF_WIDTH } from './drawing.js';
import { lettered } from './lettering.js';

/** Pixels of the file for one of the chart. */
const SCALE = 2;
const DOTS_PER_INCH = 72;
const MARGIN = 12;
/** Room for two charts of half the page's width. */
const MOST_WIDTH = 2 * SCALE * HALF_WIDTH + 4 * MARGIN;

/**
 * The bytes of a PNG file of a chart on white. Where the machine has no font, its text is drawn in plain letters of our
 * own.
 */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const text = (await hasFonts()) ? svg : await lettered(svg);
  return loadSharp()(Buffer.from(text), { density: DOTS_PER_INCH * SCALE })
    .flatten({ background: '#ffffff' })
    .extend({ top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN, background: '#ffffff' })
    .png({ palette: true })
    .toBuffer();
}

/** Charts as one picture: beside each other where two are not wider than the widest, else below. */
export async function pngOfAll(svgs: readonly string[]): Promise<Uint8Array> {
  const sharp = loadSharp();
  const pictures = await Promise.all(svgs.map(pngOf));
  const sizes = await Promise.all(pictures.map((picture) => sharp(picture).metadata()));
  const width = maxOf(
    sizes.map((size) => size.width),
    MOST_WIDTH,
  );
  let [left, top, bottom] = [0, 0, 0];
  const placed = sizes.map((size, i) => {
    if (left + size.width > width) [left, top] = [0, bottom];
    const place = { input: Buffer.from(pictures[i]), left, top };
    left += size.width;
    bottom = Math.max(bottom, top + size.height);
    return place;
  });
  return sharp({ create: { width, height: bottom, channels: 3, background: '#ffffff' } })
    .composite(placed)
    .png({ palette: true })
    .toBuffer();
}

let fonts: Promise<boolean> | null = null;

/** Whether text can be drawn. Without fonts all letters are boxes of one width, and an i is as wide as a W. */
function hasFonts(): Promise<boolean> {
  fonts ??= Promise.all(['iiiiii', 'WWWWWW'].map(widthOfText)).then(([narrow, wide]) => narrow < wide);
  return fonts;
}

async function widthOfText(text: string): Promise<number> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40"><text x="4" y="28" font-size="20" font-family="sans-serif">${text}</text></svg>`;
  const image = loadSharp()(Buffer.from(svg)).flatten({ background: '#ffffff' });
  const { data, info } = await image.greyscale().raw().toBuffer({ resolveWithObject: true });
  let right = 0;
  for (let at = 0; at < data.length; at++) if (data[at] < 200) right = Math.max(right, at % info.width);
  return right;
}
