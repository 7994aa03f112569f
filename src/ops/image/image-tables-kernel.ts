/**
 * The first of the two launches of transformImages: for every image and channel a table of what each byte becomes.
 *
 * Contrast needs the image's mean grey, autocontrast and equalize the histogram of each channel, so a table is
 * computed from the whole image; the second launch only looks up. Images without a table transform get the identity.
 */
import { flatGrid } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { blendBytes, greyOf } from './image-colors.js';
import { AMOUNTS, CODES, LAST_TABLE, TRANSFORM } from './image-transform.js';

export interface ImageTablesAttributes {
  readonly images: number;
  /** Pixels of an image. */
  readonly pixels: number;
}

/** Bytes of an image's tables: one for every value of every channel. */
export const TABLE_BYTES = 3 * 256;

const round = Math.fround;

export const imageTablesKernel: Kernel<ImageTablesAttributes> = {
  name: 'imageTables',
  bindings: [
    { name: 'images', access: 'read' },
    { name: 'codes', access: 'read' },
    { name: 'amounts', access: 'read' },
    { name: 'tables', access: 'write' },
  ],
  shader: {
    variants: {
      image: {
        file: 'image/image-tables.wgsl',
        libraries: ['grid.wgsl', 'image-transform.wgsl'],
        constants: { WORKGROUP: 256 },
        grid: ({ images }) => flatGrid(images, 1),
      },
    },
    choose: () => 'image',
    words: ({ images, pixels }) => [images, pixels],
  },
  cpu: {
    units: ({ images }) => images,
    run({ attributes: { pixels }, operands: [images, codes, amounts, tables], begin, end }) {
      for (let image = begin; image < end; image++) {
        const kind = codes[image * CODES];
        const [amount, rest] = [amounts[image * AMOUNTS], amounts[image * AMOUNTS + 1]];
        const bytes = { images, start: image * pixels * 3, pixels };
        const mean = kind === TRANSFORM.contrast ? meanGrey(bytes) : 0;
        for (let channel = 0; channel < 3; channel++) {
          const at = image * TABLE_BYTES + channel * 256;
          const counts = kind === TRANSFORM.autocontrast || kind === TRANSFORM.equalize;
          const histogram = counts ? histogramOf(bytes, channel) : null;
          if (kind === TRANSFORM.equalize && histogram) equalized(histogram, pixels, tables, at);
          else if (kind === TRANSFORM.autocontrast && histogram) stretched(histogram, tables, at);
          else for (let x = 0; x < 256; x++) tables[at + x] = changed(x, kind, amount, rest, mean);
        }
      }
    },
  },
};

interface ImageBytes {
  readonly images: ArrayLike<number>;
  /** Where the image starts. */
  readonly start: number;
  readonly pixels: number;
}

function changed(x: number, kind: number, amount: number, rest: number, mean: number): number {
  switch (kind) {
    case TRANSFORM.brightness:
      return blendBytes(x, 0, amount, rest);
    case TRANSFORM.contrast:
      return blendBytes(x, mean, amount, rest);
    case TRANSFORM.posterize:
      return x & (256 - 2 ** (8 - amount));
    case TRANSFORM.solarize:
      return x >= amount ? 255 - x : x;
    case TRANSFORM.invert:
      return 255 - x;
    default:
      return x;
  }
}

/** The mean of the greys, each of them a byte. */
function meanGrey({ images, start, pixels }: ImageBytes): number {
  let total = 0;
  for (let i = start; i < start + 3 * pixels; i += 3)
    total += greyOf(images[i], images[i + 1], images[i + 2]);
  return round(round(total) / pixels);
}

function histogramOf({ images, start, pixels }: ImageBytes, channel: number): Uint32Array {
  const counts = new Uint32Array(256);
  for (let i = start + channel; i < start + 3 * pixels; i += 3) counts[images[i]]++;
  return counts;
}

/** From the smallest byte there is to the largest, as a straight line; a channel of one value stays. */
function stretched(counts: Uint32Array, tables: number[], at: number): void {
  const least = counts.findIndex((count) => count > 0);
  const largest = counts.findLastIndex((count) => count > 0);
  const scale = largest > least ? round(255 * round(1 / (largest - least))) : 1;
  const low = largest > least ? least : 0;
  for (let x = 0; x < 256; x++)
    tables[at + x] = Math.trunc(Math.min(255, Math.max(0, round((x - low) * scale))));
}

/** The cumulative histogram in whole numbers, as Pillow's ImageOps; a channel with hardly more than one value stays. */
function equalized(counts: Uint32Array, pixels: number, tables: number[], at: number): void {
  const largest = counts.findLastIndex((count) => count > 0);
  const step = Math.floor((pixels - counts[largest]) / 255);
  let below = Math.floor(step / 2);
  for (let x = 0; x < 256; x++) {
    tables[at + x] = step === 0 ? x : Math.min(255, Math.floor(below / step));
    below += counts[x];
  }
}

/** Whether a transform works by its table. */
export function hasTable(kind: number): boolean {
  return kind > 0 && kind <= LAST_TABLE;
}
