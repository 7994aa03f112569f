/**
 * Pictures that are in a data set more than once: the same file, or the same picture at another size, quality or
 * brightness, or mirrored.
 *
 * Files are compared by their hash. Pictures are compared by thumbnails: standardised to mean 0 and norm 1, the
 * product of two is their correlation, so that all pairs are one matrix product. Copies stay close to 1 however they
 * were saved; see NEAR for where others begin.
 */
import { type ImageSurvey, THUMBNAIL_SIDE } from '../../inputs/index.js';
import { matmul } from '../../ops/index.js';
import type { Device } from '../../program/device.js';
import { tensor } from '../../tensor/tensor.js';
import { throwIfAborted } from '../../interruption.js';

/**
 * From this correlation on, two thumbnails show one picture. Measured: 27 photographs saved again as JPEG of quality
 * 30, at half the size, blurred or with another gamma stayed above 0.998 (a fifth brighter, so that they clip: above
 * 0.990), different ones below 0.68; of a million pairs of Fashion-MNIST, within classes, one is above, a true copy.
 */
const NEAR = 0.995;
/** Below this deviation in grey levels a picture is an area of one shade, and a correlation says nothing. */
const LEAST_CONTRAST = 4;
/** Thumbnails that are compared with all at once. */
const ROWS = 512;

const PIXELS = THUMBNAIL_SIDE ** 2;

/** Pictures that are the same, by their places in the list; at least two. */
export interface DuplicateGroup {
  /** Whether all of them are the same file, byte by byte. */
  readonly exact: boolean;
  readonly members: readonly number[];
}

/** Groups in the order of their first members. Throws 'interrupted' when the signal is aborted. */
export async function findDuplicates(
  device: Device,
  images: readonly Pick<ImageSurvey, 'fileHash' | 'thumbnail'>[],
  signal?: AbortSignal,
): Promise<DuplicateGroup[]> {
  const groups = new Groups(images.length);
  const firstOf = new Map<string, number>();
  images.forEach(({ fileHash }, i) => {
    const first = firstOf.get(fileHash);
    if (first === undefined) firstOf.set(fileHash, i);
    else groups.join(first, i);
  });
  for (const [a, b] of await similarPairs(device, images, [...firstOf.values()], signal)) groups.join(a, b);
  return groups.largerThanOne().map((members) => ({
    exact: members.every((i) => images[i].fileHash === images[members[0]].fileHash),
    members,
  }));
}

/** The pairs among `candidates` whose thumbnails, or that of one and the mirrored other, show one picture. */
async function similarPairs(
  device: Device,
  images: readonly Pick<ImageSurvey, 'thumbnail'>[],
  candidates: readonly number[],
  signal: AbortSignal | undefined,
): Promise<[number, number][]> {
  const clear = candidates.filter((i) => deviationOf(images[i].thumbnail) >= LEAST_CONTRAST);
  if (clear.length < 2) return [];
  const values = new Float32Array(clear.length * PIXELS);
  clear.forEach((i, row) => {
    values.set(standardised(images[i].thumbnail), row * PIXELS);
  });
  const all = device.createState([clear.length, PIXELS], 'float32', values);
  const pairs: [number, number][] = [];
  try {
    for (let start = 0; start < clear.length; start += ROWS) {
      throwIfAborted(signal);
      const block = values.subarray(start * PIXELS, (start + ROWS) * PIXELS);
      const rows = block.length / PIXELS;
      const products = await device.run(() =>
        [block, mirrored(block)].map((some) =>
          matmul(tensor(some, [rows, PIXELS], 'float32'), all, { transposeB: true }),
        ),
      );
      for (const product of products) {
        product.forEach((similarity, at) => {
          const [a, b] = [start + Math.floor(at / clear.length), at % clear.length];
          if (similarity >= NEAR && a < b) pairs.push([clear[a], clear[b]]);
        });
      }
    }
  } finally {
    device.releaseState(all);
  }
  return pairs;
}

function meanOf(thumbnail: Uint8Array): number {
  return thumbnail.reduce((sum, value) => sum + value, 0) / thumbnail.length;
}

function deviationOf(thumbnail: Uint8Array): number {
  const mean = meanOf(thumbnail);
  return Math.sqrt(thumbnail.reduce((sum, value) => sum + (value - mean) ** 2, 0) / thumbnail.length);
}

/** Mean 0 and norm 1. */
function standardised(thumbnail: Uint8Array): Float32Array {
  const mean = meanOf(thumbnail);
  const norm = deviationOf(thumbnail) * Math.sqrt(thumbnail.length);
  return Float32Array.from(thumbnail, (value) => (value - mean) / norm);
}

/** Rows of thumbnails with left and right exchanged. */
function mirrored(rows: Float32Array): Float32Array {
  const last = THUMBNAIL_SIDE - 1;
  return rows.map((_, i) => rows[i - (i % THUMBNAIL_SIDE) + last - (i % THUMBNAIL_SIDE)]);
}

/** Disjoint sets of the numbers below a bound. */
class Groups {
  private readonly parent: number[];

  constructor(count: number) {
    this.parent = Array.from({ length: count }, (_, i) => i);
  }

  join(a: number, b: number): void {
    const [low, high] = [this.first(a), this.first(b)].sort((x, y) => x - y);
    this.parent[high] = low;
  }

  /** The least member of the group. */
  private first(i: number): number {
    while (this.parent[i] !== i) {
      this.parent[i] = this.parent[this.parent[i]];
      i = this.parent[i];
    }
    return i;
  }

  largerThanOne(): number[][] {
    const members = new Map<number, number[]>();
    this.parent.forEach((_, i) => {
      const first = this.first(i);
      members.set(first, [...(members.get(first) ?? []), i]);
    });
    return [...members.values()].filter(({ length }) => length > 1);
  }
}
