/** Small pictures for the tests of the command line. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';

/** A picture of one colour with a little noise. */
export function writePicture(path: string, [red, green, blue]: number[], seed: number): void {
  const png = new PNG({ width: 40, height: 36 });
  for (let i = 0; i < png.data.length; i += 4) {
    const noise = (i * 7 + seed * 13) % 31;
    png.data.set([red + noise, green + noise, blue + noise, 255], i);
  }
  writeFileSync(path, PNG.sync.write(png));
}

const COLOURS: [name: string, colour: number[]][] = [
  ['blau ä', [20, 40, 200]],
  ['red', [200, 30, 30]],
];

/** Two class folders of pictures that are easy to tell apart. */
export function writeClassFolders(folder: string, perClass: number): void {
  for (const [name, colour] of COLOURS) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) writePicture(join(folder, name, `${i}.png`), colour, i);
  }
}
