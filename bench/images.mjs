/**
 * What the pictures of a training cost on one thread: photographs of 500 x 375 pixels read once into the cache (decoded,
 * resized to a short side of 256 and cropped to 224, and resized whole), and the random crop of 224 that every step
 * takes of each. Prints pictures a second of processor time, and the share of decoding. Resizing is timed with SIMD, as
 * it is used, and as plain loops.
 *
 *     npm run build && node bench/images.mjs [pictures]
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import {
  augmentImage,
  decodeImage,
  imagenetPreprocessing,
  preprocessImage,
  resizedSize,
} from '../dist/inputs/index.js';
import { resizePlain } from '../dist/inputs/image/resize-plain.js';
import { sampleWeights } from '../dist/inputs/image/sample-weights.js';
import { failInOneLine, wholeNumbers } from './lib/program.mjs';

failInOneLine('images');
const [pictures = 40] = wholeNumbers(process.argv.slice(2), ['pictures']);
const SIZE = { width: 500, height: 375 };
const SIDE = 224;

/** Processor time of a part of the work, in milliseconds. */
const spent = new Map();

async function part(name, work) {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  spent.set(name, (spent.get(name) ?? 0) + (user + system) / 1000);
  return result;
}

const cropped = imagenetPreprocessing(SIDE);
const whole = { ...cropped, crop: null };
const augmentation = { kind: 'standard', scale: [0.08, 1] };
for (let index = -5; index < pictures; index++) {
  if (index === 0) spent.clear(); // the first ones compile
  const file = await photograph(index);
  const image = await part('decode', () => decodeImage(file));
  await part('resize and crop', () => preprocessImage(image, cropped));
  const prepared = await part('resize whole', () => preprocessImage(image, whole));
  await part('  plain loops', () => resizeWholePlain(image));
  for (let epoch = 0; epoch < 5; epoch++) {
    const sample = { seed: 1, epoch, index: index + 5 };
    await part('random crop', () => augmentImage(prepared, SIDE, augmentation, sample));
  }
}
// Five epochs were taken of each picture.
spent.set('random crop', spent.get('random crop') / 5);

console.log(
  `${cpus()[0].model}, one thread, Node ${process.version}, ${pictures} photographs of 500 x 375\n`,
);
const once = spent.get('decode') + spent.get('resize and crop');
for (const [name, milliseconds] of spent) {
  const rate = (pictures / (milliseconds / 1000)).toFixed(0).padStart(6);
  console.log(
    `${name.padEnd(16)} ${rate} pictures/s ${(milliseconds / pictures).toFixed(2).padStart(7)} ms each`,
  );
}
console.log(
  `\ndecoding is ${((100 * spent.get('decode')) / once).toFixed(0)} % of preparing a picture for evaluation`,
);

function resizeWholePlain(image) {
  const { width, height } = resizedSize(image, cropped.resize);
  return resizePlain(
    image,
    sampleWeights('bilinear', image.width, width, 0, width),
    sampleWeights('bilinear', image.height, height, 0, height),
  );
}

/** A JPEG with the smooth shapes and the noise of a photograph. */
async function photograph(seed) {
  const { width, height } = SIZE;
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const shape = Math.sin(x / (20 + seed + channel)) * Math.cos(y / (31 + seed)) * 80;
        const noise = ((x * 73_856_093) ^ (y * 19_349_663) ^ (channel * 83_492_791)) & 31;
        pixels[at++] = 110 + shape + noise;
      }
    }
  }
  const sharp = createRequire(import.meta.url)('sharp');
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}
