/** Small pictures for same-bytes.mjs: stripes, by a seed, in class folders and with CSV files of labels and values. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { uniformGenerator } from '../lib/random.mjs';

const CLASSES = ['ant', 'bee', 'cat'];
/** Pictures of each class in each part. */
const PARTS = { train: 8, val: 3, test: 2 };
/** Pictures by class where the classes are not of one size. */
const UNEVEN = { ant: 12, bee: 8, cat: 4 };

/**
 * Writes into a folder: `parts/` with train, val and test, `whole/` and `uneven/` without, `labels.csv` and `values.csv`
 * of the pictures in `parts/`, and `numbers.csv`, which is `values.csv` without parts.
 */
export async function writeData(folder) {
  const labels = ['image,kind,split'];
  const values = ['image,width,light,split'];
  for (const [part, count] of Object.entries(PARTS)) {
    for (const [kind, name] of CLASSES.entries()) {
      for (let i = 0; i < count; i++) {
        const path = join('parts', part, name, `${i}.png`);
        const { width, light } = await writePicture(join(folder, path), kind, `${part}${i}`);
        const inTable = path.replaceAll('\\', '/');
        labels.push(`${inTable},${name},${part}`);
        values.push(`${inTable},${width.toFixed(2)},${light.toFixed(3)},${part}`);
      }
    }
  }
  for (const [kind, name] of CLASSES.entries()) {
    for (let i = 0; i < 10; i++)
      await writePicture(join(folder, 'whole', name, `${i}.png`), kind, `whole${i}`);
    for (let i = 0; i < UNEVEN[name]; i++)
      await writePicture(join(folder, 'uneven', name, `${i}.png`), kind, `uneven${i}`);
  }
  await writeFile(join(folder, 'labels.csv'), `${labels.join('\n')}\n`);
  await writeFile(join(folder, 'values.csv'), `${values.join('\n')}\n`);
  const numbers = values.map((line) => line.split(',').slice(0, -1).join());
  await writeFile(join(folder, 'numbers.csv'), `${numbers.join('\n')}\n`);
}

/** Of 32 to 47 pixels a side, so that crops differ; its kind says direction and colour. Returns what its values are. */
async function writePicture(path, kind, name) {
  const random = uniformGenerator(seedOf(`${kind}${name}`));
  const between = (low, high) => low + (high - low) * random();
  const [columns, rows] = [Math.floor(between(32, 48)), Math.floor(between(32, 48))];
  const [width, light, shift] = [between(2, 9), between(0.3, 0.9), between(0, 9)];
  const png = new PNG({ width: columns, height: rows });
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const across = kind === 2 ? x + y : kind === 0 ? x : y;
      const isLight = Math.floor((across + shift) / width) % 2 === 0;
      for (let c = 0; c < 3; c++) {
        const tint = c === kind ? 40 : 0;
        png.data[(y * columns + x) * 4 + c] =
          (isLight ? 190 * light : 40) + tint + Math.floor(between(0, 20));
      }
      png.data[(y * columns + x) * 4 + 3] = 255;
    }
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, PNG.sync.write(png));
  return { width, light };
}

function seedOf(text) {
  return [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0, 7);
}
