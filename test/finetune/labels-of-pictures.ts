/** Made-up data of several labels a picture: red, green and blue where their channel is bright, each or none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { newFolder, randomNumbers, SIDE, writeFiles } from './support.js';

const COLOURS = ['red', 'green', 'blue'] as const;

/** A picture whose bright channels are the bits of `kind`, with some noise. */
function colouredPicture(kind: number, seed: number): Uint8Array {
  const png = new PNG({ width: SIDE, height: SIDE });
  const random = randomNumbers(seed + 1);
  for (let i = 0; i < SIDE * SIDE; i++) {
    for (let c = 0; c < 3; c++)
      png.data[i * 4 + c] = ((kind >> c) & 1 ? 210 : 30) + Math.floor(random() * 24);
    png.data[i * 4 + 3] = 255;
  }
  return PNG.sync.write(png);
}

/** The labels of a picture. */
export const labelsOf = (seed: number) => COLOURS.filter((_, c) => ((seed % 8) >> c) & 1);

/** A folder of `count` pictures, and a CSV file of their labels. */
export function colouredData(count: number, first = 0) {
  const folder = newFolder();
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const name = (seed: number) => `pictures/${seed}.png`;
  writeFiles(folder, Object.fromEntries(seeds.map((seed) => [name(seed), colouredPicture(seed % 8, seed)])));
  const csv = join(folder, 'labels.csv');
  const lines = seeds.map((seed) => `${name(seed)},${labelsOf(seed).join(';')}`);
  writeFileSync(csv, `${['image,colours', ...lines].join('\n')}\n`);
  return { folder, csv };
}
