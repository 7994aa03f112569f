/** Made-up data for regressions: pictures whose brightness is the value, and the CSV files that say so. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { newFolder, randomNumbers, SIDE, writeFiles } from './support.js';

/** A grey PNG of this brightness, with some noise. */
function greyPicture(brightness: number, seed: number): Uint8Array {
  const png = new PNG({ width: SIDE, height: SIDE });
  const random = randomNumbers(seed + 1);
  for (let i = 0; i < SIDE * SIDE; i++) {
    png.data.fill(brightness + Math.floor(random() * 16) - 8, i * 4, i * 4 + 3);
    png.data[i * 4 + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** Brightness by image, in a unit of its own: 1,000 to 10,000. */
const luxOf = (seed: number) => 1000 + ((seed * 37) % 91) * 100;

export interface ValuesFolder {
  readonly folder: string;
  /** The CSV file: image, lux, darkness. */
  readonly csv: string;
}

/** A folder of `count` pictures and a CSV file; a second column falls as the first rises. */
export function brightnessData(count: number, first = 0): ValuesFolder {
  const folder = newFolder();
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const name = (seed: number) => `pictures/grey ${seed}.png`;
  writeFiles(
    folder,
    Object.fromEntries(seeds.map((seed) => [name(seed), greyPicture(20 + luxOf(seed) / 50, seed)])),
  );
  const csv = join(folder, 'values.csv');
  const lines = seeds.map((seed) => `${name(seed)},${luxOf(seed)},${1 - luxOf(seed) / 1e4}`);
  writeFileSync(csv, `${['image,lux,darkness', ...lines].join('\n')}\n`);
  return { folder, csv };
}
