/** The folder of images of pipeline.mjs: as many as wanted, each another one, the same on every machine. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { uniformGenerator } from './random.mjs';

const CLASSES = ['ant', 'bee', 'cat', 'dog'];
/** Sides in pixels, from and to. */
const SIDES = [96, 256];
/** As many are compressed at a time: libvips has a thread for each. */
const AT_ONCE = 8;

/** Writes `count` images below `folder`, every other one a PNG; the bytes of them all. */
export async function writeImages(folder, count) {
  const sharp = createRequire(new URL('../../package.json', import.meta.url))('sharp');
  for (const name of CLASSES) mkdirSync(join(folder, name), { recursive: true });
  let bytes = 0;
  let next = 0;
  const work = async () => {
    while (next < count) {
      const i = next++;
      const { pixels, width, height } = picture(i);
      const image = sharp(pixels, { raw: { width, height, channels: 3 } });
      const [encoded, ending] =
        i % 2 === 0 ? [image.jpeg({ quality: 85 }), 'jpg'] : [image.png({ compressionLevel: 1 }), 'png'];
      const path = join(folder, CLASSES[i % CLASSES.length], `${i}.${ending}`);
      bytes += (await encoded.toFile(path)).size;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return bytes;
}

/** Waves across the picture, whose direction and colour are those of its class. */
function picture(i) {
  const random = uniformGenerator(i + 1);
  const side = () => Math.floor(SIDES[0] + random() * (SIDES[1] - SIDES[0] + 1));
  const [width, height] = [side(), side()];
  const kind = i % CLASSES.length;
  const angle = (kind * Math.PI) / CLASSES.length + 0.2 * random();
  const [across, down] = [Math.cos(angle) / 8, Math.sin(angle) / 8];
  const phase = 6 * random();
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = 110 + 70 * Math.sin(x * across + y * down + phase) + 10 * random();
      for (let c = 0; c < 3; c++) pixels[at++] = c === kind % 3 ? light + 60 : light;
    }
  }
  return { pixels, width, height };
}
