/**
 * Makes weights/demo/images: ten training and a hundred test images of each class that the pretraining never sees,
 * the first of their class in Fashion-MNIST's training and test part, as grey PNG.
 *
 *     npm run build && node bench/demo/make-images.mjs [--data FOLDER] [--out FOLDER]
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PNG } from 'pngjs';
import { SIDE } from '../../dist/examples/demo/placing.js';
import { FOLDER } from '../fashion/dataset.mjs';
import { HELD_OUT, placedGarments } from './garments.mjs';

/** Images of each class. */
const COUNTS = { train: 10, test: 100 };
const PARTS = { train: 'train', test: 't10k' };

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: FOLDER },
    out: { type: 'string', default: fileURLToPath(new URL('../../weights/demo/images', import.meta.url)) },
  },
});

await rm(options.out, { recursive: true, force: true });
let bytes = 0;
for (const part of ['train', 'test']) {
  for (const name of HELD_OUT) {
    const garments = await placedGarments(options.data, PARTS[part], [name], COUNTS[part]);
    const folder = join(options.out, part, name);
    await mkdir(folder, { recursive: true });
    for (const [i, { pixels }] of garments.entries()) {
      const file = greyPng(pixels);
      bytes += file.length;
      await writeFile(join(folder, `${String(i).padStart(2, '0')}.png`), file);
    }
    console.log(`${folder}: ${garments.length} images`);
  }
}
console.log(`${bytes} bytes`);

/** Bytes [SIDE, SIDE] as a grey PNG of 8 bits. */
function greyPng(pixels) {
  const png = new PNG({ width: SIDE, height: SIDE, colorType: 0, inputColorType: 0, bitDepth: 8 });
  png.data = Buffer.from(pixels);
  return PNG.sync.write(png, { colorType: 0, inputColorType: 0, deflateLevel: 9 });
}
