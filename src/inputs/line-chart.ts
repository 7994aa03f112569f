/** Numbers in an order, such as those of time, as a picture: a line for each channel. */
import type { RgbImage } from './picture.js';

const [WIDTH, HEIGHT] = [128, 64];
/** Pixels left free at the edges. */
const MARGIN = 2;
const COLORS = [
  [31, 119, 180],
  [214, 99, 14],
  [44, 140, 44],
  [190, 39, 40],
  [128, 93, 169],
  [110, 90, 80],
];

/** Draws `values` [length, channels]; the least and the greatest of them are at the edges. */
export function lineChart(values: ArrayLike<number>, channels: number): RgbImage {
  const pixels = new Uint8Array(3 * WIDTH * HEIGHT).fill(255);
  const steps = values.length / channels;
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  const range = most > least ? most - least : 1;
  const row = (value: number) => MARGIN + Math.round(((most - value) / range) * (HEIGHT - 1 - 2 * MARGIN));
  for (let channel = 0; channel < channels; channel++) {
    const color = COLORS[channel % COLORS.length];
    let before: number | null = null;
    for (let x = 0; x < WIDTH; x++) {
      const step = Math.min(steps - 1, Math.floor((x * steps) / WIDTH));
      const value = values[step * channels + channel];
      if (!Number.isFinite(value)) continue;
      const y = row(value);
      // Down or up to where the line was.
      const [from, to] = [Math.min(y, before ?? y), Math.max(y, before ?? y)];
      for (let at = from; at <= to; at++) pixels.set(color, 3 * (at * WIDTH + x));
      before = y;
    }
  }
  return { width: WIDTH, height: HEIGHT, pixels };
}
