/**
 * What every part of the HDF5 reader shares: the bytes of the file, and a budget. A file is a graph of structures that
 * may be shared and may point back at each other, so the work that a small hostile file makes has no natural end; here
 * it ends when more was read than the description of any file of weights has.
 */

import type { ByteSource } from '../bytes.js';
import { pagedSource, type PagedSource } from '../paged.js';
import type { Pauses } from '../../pauses.js';
import { weightsError } from '../tensors.js';
import { Fields } from './fields.js';

/**
 * Structures (nodes, messages, links, heap entries) of an honest file do not overlap, so their number and their bytes
 * follow from its size; they are read about once. The floors are for files that are mostly description.
 */
const MAX_STRUCTURES = 4_000_000;
const STRUCTURES_FLOOR = 50_000;
const STRUCTURE_BYTES = 8;
const READ_FACTOR = 3;
const READ_FLOOR = 8 * 2 ** 20;

/** The same of arrays: without this, many names of the same bytes would make a small file endless work. */
const ARRAYS_FACTOR = 2;

/** The longest structure: a text, which may be the description of a model. A file with holes has any size for nothing. */
const MAX_LENGTH = 64 * 2 ** 20;

export class Hdf5Storage {
  /** For the bytes of tensors, which are read at once. */
  readonly source: ByteSource;
  readonly pauses: Pauses;
  readonly #pages: PagedSource;
  readonly #structuresLimit: number;
  #structures = 0;
  #bytesLeft: number;
  #arrayBytesLeft: number;

  constructor(source: ByteSource) {
    this.source = source;
    this.pauses = source.pauses;
    // A structure that is kept keeps its page: pages count, too, so that a small file cannot ask for many copies of them.
    const read = (offset: number, length: number) => {
      this.countBytes(length, `${source.name}, at byte ${offset}`);
      return source.read(offset, length);
    };
    this.#pages = pagedSource({ ...source, read });
    this.#structuresLimit = Math.min(MAX_STRUCTURES, STRUCTURES_FLOOR + source.size / STRUCTURE_BYTES);
    this.#bytesLeft = READ_FACTOR * source.size + READ_FLOOR;
    this.#arrayBytesLeft = ARRAYS_FACTOR * source.size;
  }

  /** The fields of a structure of `length` bytes. */
  async fields(address: number, length: number, what: string): Promise<Fields> {
    const where = `${this.source.name}, ${what} at byte ${address}`;
    if (address + length > this.source.size) {
      throw weightsError(where, `${length} bytes are outside the file of ${this.source.size} bytes`);
    }
    if (length > MAX_LENGTH) throw weightsError(where, `${length} bytes are more than a structure has`);
    this.countBytes(length, where);
    this.count(1, where);
    return new Fields(await this.#pages.view(address, length), where);
  }

  /** Counts bytes that are read as the description of the file. */
  countBytes(bytes: number, where: string): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) throw weightsError(where, 'the structures of the file overlap');
  }

  /** Counts the stored bytes of an array or a chunk, which lie in the file. */
  countArray(address: number, bytes: number, where: string): void {
    if (address + bytes > this.source.size) {
      throw weightsError(
        where,
        `${bytes} bytes at ${address} are outside the file of ${this.source.size} bytes`,
      );
    }
    this.#arrayBytesLeft -= bytes;
    if (this.#arrayBytesLeft < 0) throw weightsError(where, 'the arrays of the file overlap');
  }

  /** Counts structures that were found; throws when there are more than any file of weights has. */
  count(structures: number, where: string): void {
    this.#structures += structures;
    if (this.#structures > this.#structuresLimit) {
      throw weightsError(where, 'the file has more structures than its size allows, or has them in a circle');
    }
  }
}
