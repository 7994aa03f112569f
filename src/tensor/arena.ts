/**
 * An arena: arrays of one kind side by side in device memory, so that one launch per chunk updates them all.
 *
 * Chunks are no larger than what one binding may span, and no array straddles two. Arrays start at multiples
 * of 64 elements; the padding between them is zero and stays zero. Arenas of the same arrays have the same
 * layout: parameters, gradients and moments correspond element by element.
 */
import type { TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import type { Device } from '../program/device.js';
import { State } from '../program/state.js';
import { stateStorage } from '../program/storage.js';
import type { Shape } from './shape.js';
import { sizeOf } from './shape.js';

/** Elements per block: the granularity of the layout and of per-group tables. */
export const BLOCK = 64;

/** Where an array lies. */
export interface Place {
  readonly chunk: number;
  /** First element within the chunk; a multiple of 64. */
  readonly offset: number;
  readonly length: number;
  readonly shape: Shape;
}

export class Arena {
  readonly device: Device;
  readonly places: readonly Place[];
  /** One state per chunk, over all of its elements. */
  readonly chunks: readonly State[];

  /** Zero-filled memory for arrays of these shapes, in order. */
  constructor(device: Device, shapes: readonly Shape[]) {
    this.device = device;
    const { places, chunkLengths } = layOut(shapes, maxChunkLength(device));
    this.places = places;
    const chunks: State[] = [];
    try {
      for (const length of chunkLengths) chunks.push(device.createState([length]));
    } catch (error) {
      for (const chunk of chunks) device.releaseState(chunk);
      throw error;
    }
    this.chunks = chunks;
  }

  /** A state over array `index`. */
  view(index: number): State {
    const { chunk, offset, length, shape } = this.places[index];
    const { buffer } = this.chunks[chunk].storage.range;
    return new State(this.device, stateStorage({ buffer, dtype: 'float32', offset, length }), shape);
  }

  /** All arrays as they are after the programs that were started before. They are views of larger blocks. */
  async read(): Promise<TypedArray[]> {
    const chunks = await Promise.all(this.chunks.map((chunk) => this.device.read(chunk)));
    return this.places.map(({ chunk, offset, length }) => chunks[chunk].subarray(offset, offset + length));
  }

  /** Another arena of the same layout, zero-filled. */
  like(): Arena {
    return new Arena(
      this.device,
      this.places.map((place) => place.shape),
    );
  }

  /** Bytes of device memory. */
  get bytes(): number {
    return this.chunks.reduce(
      (sum, chunk) => sum + chunk.length * this.device.backend.elementBytes('float32'),
      0,
    );
  }

  close(): void {
    for (const chunk of this.chunks) this.device.releaseState(chunk);
  }
}

function maxChunkLength(device: Device): number {
  const elements = device.backend.maxBindingBytes / device.backend.elementBytes('float32');
  return Math.floor(elements / BLOCK) * BLOCK;
}

/** Places arrays one after another, opening a chunk when the next array does not fit. */
export function layOut(
  shapes: readonly Shape[],
  maxLength: number,
): { places: Place[]; chunkLengths: number[] } {
  const places: Place[] = [];
  const chunkLengths: number[] = [];
  for (const shape of shapes) {
    const length = sizeOf(shape);
    const padded = Math.max(BLOCK, Math.ceil(length / BLOCK) * BLOCK);
    if (padded > maxLength) {
      throw new AttuneError({
        code: 'device',
        what: `an array of ${length} elements exceeds the ${maxLength} that this device can bind at once`,
        where: `shape [${shape.join(', ')}]`,
        hint: 'use a device with a larger binding limit',
      });
    }
    let chunk = chunkLengths.length - 1;
    if (chunk < 0 || chunkLengths[chunk] + padded > maxLength) {
      chunk++;
      chunkLengths.push(0);
    }
    places.push({ chunk, offset: chunkLengths[chunk], length, shape });
    chunkLengths[chunk] += padded;
  }
  return { places, chunkLengths };
}
