/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 60,000 training and 10,000 test images, grey, 28 x 28, in ten
 * classes of clothing. In IDX files: a magic number, the sizes as big-endian u32, then one byte per element.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

export const SIDE = 28;
export const CLASSES = 10;
export const IMAGE_LENGTH = SIDE * SIDE;

/** Where Debian's and Ubuntu's package `dataset-fashion-mnist` puts the files. */
export const FOLDER = '/usr/share/datasets/fashion-mnist';

const IMAGES_MAGIC = 0x803;
const LABELS_MAGIC = 0x801;

/** Images [count, 28, 28] as bytes and labels [count] of 'train' or 't10k' (the test images). */
export async function readFashion(folder, part) {
  const images = await readIdx(join(folder, `${part}-images-idx3-ubyte.gz`), IMAGES_MAGIC);
  const labels = await readIdx(join(folder, `${part}-labels-idx1-ubyte.gz`), LABELS_MAGIC);
  const [count, height, width] = images.sizes;
  if (height !== SIDE || width !== SIDE || labels.sizes[0] !== count) {
    throw new Error(`${folder}: ${part} has images of ${images.sizes} and labels of ${labels.sizes}`);
  }
  return { count, images: images.bytes, labels: labels.bytes };
}

async function readIdx(path, magic) {
  const packed = await readFile(path).catch((error) => {
    throw new Error(
      `${path}: ${error.code}; on Debian or Ubuntu run "apt-get install dataset-fashion-mnist"`,
    );
  });
  const file = await promisify(gunzip)(packed);
  if (file.readUInt32BE(0) !== magic) throw new Error(`${path}: not an IDX file of the expected kind`);
  const rank = magic & 0xff;
  const sizes = Array.from({ length: rank }, (_, i) => file.readUInt32BE(4 + 4 * i));
  const bytes = file.subarray(4 + 4 * rank);
  if (bytes.length !== sizes.reduce((product, size) => product * size, 1)) {
    throw new Error(`${path}: ${bytes.length} bytes do not fill ${sizes}`);
  }
  return { sizes, bytes };
}
