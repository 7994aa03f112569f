/**
 * The three heaps of HDF5. A local heap holds the names of a group's members, a global heap the texts of attributes, and
 * a fractal heap the links or attributes of a group that has many.
 */

import { bytesFor } from './b-tree.js';
import { type Fields, textOf } from './fields.js';
import type { Hdf5Storage } from './storage.js';

/** The longest name of a member. Offsets may lie in the middle of other names, so that a few bytes could hold many long ones. */
const MAX_NAME_BYTES = 65_536;

/** Gives the name at an offset of the local heap at `address`. */
export async function readLocalHeap(
  storage: Hdf5Storage,
  address: number,
): Promise<(offset: number) => string> {
  const header = await storage.fields(address, 32, 'local heap');
  header.signature('HEAP');
  header.version(0);
  header.skip(3);
  const length = header.u64();
  header.skip(8);
  const data = header.address();
  if (data === undefined) throw header.error('the heap has no data');
  const segment = await storage.fields(data, length, 'local heap');
  const bytes = segment.bytes(length);
  return (offset) => {
    const end = bytes.subarray(0, offset + MAX_NAME_BYTES + 1).indexOf(0, offset);
    if (offset >= length || end < 0) {
      throw segment.error(`a name is outside the heap, or longer than ${MAX_NAME_BYTES} bytes`);
    }
    storage.countBytes(end - offset, segment.where);
    return textOf(bytes.subarray(offset, end), segment.where);
  };
}

/** Where the objects of a global heap's collection are, by their number. */
type Collection = ReadonlyMap<number, { readonly address: number; readonly length: number }>;

/** Global heaps: each of their collections is looked through once. */
export class GlobalHeap {
  readonly #storage: Hdf5Storage;
  readonly #collections = new Map<number, Collection>();

  constructor(storage: Hdf5Storage) {
    this.#storage = storage;
  }

  /** The text that a reference (length, collection, number) stands for; '' for an empty one. */
  async text(reference: Fields): Promise<string> {
    const length = reference.u32();
    const address = reference.address();
    const index = reference.u32();
    if (length === 0 || address === undefined) return '';
    const collection = this.#collections.get(address) ?? (await this.#collection(address));
    const object = collection.get(index);
    if (object === undefined || length > object.length) {
      throw reference.error(`a text refers to object ${index} of a heap that does not have it`);
    }
    const fields = await this.#storage.fields(object.address, length, 'text');
    return fields.text(length);
  }

  async #collection(address: number): Promise<Collection> {
    const header = await this.#storage.fields(address, 16, 'global heap');
    header.signature('GCOL');
    header.version(1);
    header.skip(3);
    const end = address + header.u64();
    const objects = new Map<number, { address: number; length: number }>();
    // The object with number 0 is the free space at the end.
    for (let at = address + 16; at + 16 <= end; ) {
      const fields = await this.#storage.fields(at, 16, 'global heap');
      const index = fields.u16();
      fields.skip(6);
      const length = fields.u64();
      if (index === 0) break;
      objects.set(index, { address: at + 16, length });
      at += 16 + Math.ceil(length / 8) * 8;
    }
    this.#collections.set(address, objects);
    return objects;
  }
}

/** What the first byte of an object's identifier in a fractal heap says. */
const OBJECT_KIND = { managed: 0, huge: 1, tiny: 2 } as const;

/** A block of a fractal heap: which of the heap's addresses it holds, and where it is. */
interface HeapBlock {
  readonly start: number;
  readonly size: number;
  readonly address: number;
}

/** A fractal heap: a table of blocks, each row of which has blocks twice as large as the one before. */
export class FractalHeap {
  readonly #storage: Hdf5Storage;
  readonly #offsetBytes: number;
  readonly #lengthBytes: number;
  /** In the order of their addresses in the heap. */
  readonly #blocks: readonly HeapBlock[];

  private constructor(storage: Hdf5Storage, layout: HeapLayout, blocks: readonly HeapBlock[]) {
    this.#storage = storage;
    this.#offsetBytes = layout.offsetBytes;
    this.#lengthBytes = layout.lengthBytes;
    this.#blocks = blocks;
  }

  static async open(storage: Hdf5Storage, address: number): Promise<FractalHeap> {
    const layout = await readHeapLayout(storage, address);
    return new FractalHeap(storage, layout, await readBlocks(storage, layout));
  }

  /** The bytes of the object with this identifier. */
  async object(identifier: Fields): Promise<Fields> {
    const first = identifier.u8();
    const kind = first >> 4;
    if (kind === OBJECT_KIND.tiny) return identifier.fields((first & 15) + 1);
    if (kind !== OBJECT_KIND.managed) {
      throw identifier.error(
        'an object is too large for its heap, which Keras avoids by splitting attributes',
      );
    }
    const offset = identifier.uint(this.#offsetBytes);
    const length = identifier.uint(this.#lengthBytes);
    const block = this.#blockAt(offset);
    if (block === undefined || offset + length > block.start + block.size) {
      throw identifier.error('an object is outside the blocks of its heap');
    }
    return this.#storage.fields(block.address + offset - block.start, length, 'heap object');
  }

  /** The last block that begins at `offset` or before it. */
  #blockAt(offset: number): HeapBlock | undefined {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle].start <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#blocks[low - 1];
  }
}

interface HeapLayout {
  readonly where: Fields;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly width: number;
  readonly firstBlockBytes: number;
  readonly largestBlockBytes: number;
  readonly root: number | undefined;
  /** Rows of the root's table; 0 where the root is a block itself. */
  readonly rows: number;
}

async function readHeapLayout(storage: Hdf5Storage, address: number): Promise<HeapLayout> {
  const header = await storage.fields(address, 142, 'fractal heap');
  header.signature('FRHP');
  header.version(0);
  header.skip(2);
  if (header.u16() !== 0) throw header.error('the heap is compressed, which Keras never does');
  header.skip(1);
  const largestObject = header.u32();
  header.skip(12 * 8);
  const width = header.u16();
  const firstBlockBytes = header.u64();
  const largestBlockBytes = header.u64();
  const offsetBytes = Math.ceil(header.u16() / 8);
  header.skip(2);
  const root = header.address();
  const rows = header.u16();
  if (width === 0 || width > 64 || firstBlockBytes === 0 || offsetBytes === 0 || offsetBytes > 8) {
    throw header.error('the heap has a table of an impossible shape');
  }
  const lengthBytes = bytesFor(Math.min(largestBlockBytes, largestObject));
  return { where: header, offsetBytes, lengthBytes, width, firstBlockBytes, largestBlockBytes, root, rows };
}

/** The most rows of a table; each has blocks twice as large as the one before. */
const MAX_ROWS = 64;

/** The heap's blocks: the root itself, or those of the root's table. Tables below it come only after 512 KiB of links. */
async function readBlocks(storage: Hdf5Storage, layout: HeapLayout): Promise<HeapBlock[]> {
  const { where, width, firstBlockBytes, largestBlockBytes, offsetBytes, root, rows } = layout;
  if (root === undefined) return [];
  if (rows === 0) return [{ start: 0, size: firstBlockBytes, address: root }];
  if (rows > MAX_ROWS) throw where.error('the heap is larger than those of weights are');
  // The first two rows have blocks of the first size. Behind the rows of blocks come those of further tables.
  const blockRows = Math.min(rows, Math.log2(largestBlockBytes / firstBlockBytes) + 2);
  const prefixBytes = 13 + offsetBytes;
  const table = await storage.fields(root, prefixBytes + rows * width * 8, 'fractal heap');
  table.signature('FHIB');
  table.skip(prefixBytes - 4);
  const blocks: HeapBlock[] = [];
  let start = 0;
  for (let row = 0; row < blockRows; row++) {
    const size = firstBlockBytes * 2 ** Math.max(row - 1, 0);
    for (let column = 0; column < width; column++) {
      const address = table.address();
      if (address !== undefined) blocks.push({ start, size, address });
      start += size;
    }
  }
  return blocks;
}
