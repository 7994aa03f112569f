/** A heat map over its image. */
import type { Rectangle, RgbImage } from '../../inputs/index.js';
import type { HeatMap } from './explained.js';

/** Colours from what speaks least to what speaks most for the class, evenly spaced. */
const COLOURS = [
  [0, 0, 128],
  [0, 128, 255],
  [64, 224, 160],
  [255, 224, 32],
  [224, 0, 0],
] as const;

/** Share of the colour where the map is largest; where it is 0 the image is as it was. */
const STRONGEST = 0.65;

/** Brightness of what the network did not see. */
const UNSEEN = 0.5;

/**
 * The image with the map on it, stretched bilinearly and scaled by its largest value. What speaks against the class,
 * below 0 or the map's own least value, leaves the image as it is; what lies outside of the window is darker.
 * @param window what of the image the map is of; default: all
 */
export function overlay(
  { width, height, pixels }: RgbImage,
  map: HeatMap,
  window: Rectangle = { left: 0, top: 0, width, height },
): RgbImage {
  const { least = 0 } = map;
  const largest = map.values.reduce((most, value) => Math.max(most, value), least);
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [across, down] = [(x + 0.5 - window.left) / window.width, (y + 0.5 - window.top) / window.height];
      const at = (y * width + x) * 3;
      if (across < 0 || across > 1 || down < 0 || down > 1) {
        for (let c = 0; c < 3; c++) result[at + c] = Math.round(UNSEEN * pixels[at + c]);
        continue;
      }
      const value = valueAt(map, across * map.width - 0.5, down * map.height - 0.5);
      const heat = largest > least ? Math.max(0, value - least) / (largest - least) : 0;
      for (let c = 0; c < 3; c++) result[at + c] = tinted(pixels[at + c], heat, c);
    }
  }
  return { width, height, pixels: result };
}

/** A value of a channel under the colour of the map, whose largest value is a heat of 1. */
export function tinted(value: number, heat: number, channel: number): number {
  const share = STRONGEST * heat;
  return Math.round((1 - share) * value + share * colourOf(heat, channel));
}

/** Between the four nearest cells; beyond the outermost ones their value goes on. */
function valueAt({ width, height, values }: HeatMap, x: number, y: number): number {
  const [left, top] = [clamp(x, width - 1), clamp(y, height - 1)];
  const [x0, y0] = [Math.floor(left), Math.floor(top)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const row = (at: number) =>
    values[at * width + x0] + (left - x0) * (values[at * width + x1] - values[at * width + x0]);
  return row(y0) + (top - y0) * (row(y1) - row(y0));
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}

function colourOf(heat: number, channel: number): number {
  const place = heat * (COLOURS.length - 1);
  const below = Math.min(COLOURS.length - 2, Math.floor(place));
  const [from, to] = [COLOURS[below][channel], COLOURS[below + 1][channel]];
  return from + (place - below) * (to - from);
}
