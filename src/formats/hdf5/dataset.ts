/**
 * Datasets: where the bytes of an array are, and reading them. They lie in the header (compact), in one piece
 * (contiguous), or in chunks of equal size that may be compressed and that a B-tree finds. All stored bytes are located
 * and measured when the dataset is opened; they are read when they are asked for.
 */

import { NUMBERS_AT_ONCE, type Pauses } from '../../pauses.js';
import { checkInflation, inflate } from '../inflate.js';
import { elementCount, MAX_TENSOR_BYTES, weightsError } from '../tensors.js';
import { NODE_TYPE, readBTree1 } from './b-tree.js';
import type { Fields } from './fields.js';
import { findMessage, MESSAGE, type Message } from './object-header.js';
import type { Hdf5Storage } from './storage.js';
import { type ElementType, readShape, readType } from './types.js';

const LAYOUT = { compact: 0, contiguous: 1, chunked: 2, virtual: 3 } as const;

/** Filters that are undone; h5py's `compression='gzip', shuffle=True`. */
const FILTER = { deflate: 1, shuffle: 2 } as const;

/** Version 4 indexes its chunks in other ways, which only HDF5's option `libver='latest'` writes. */
const CHUNKED_VERSION = 3;

/** An array as the file describes it. */
export interface Hdf5Array {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Its bytes in row-major order, as they are stored; the caller owns them, and sees to it that they are not too many. */
  readBytes(): Promise<Uint8Array>;
}

/**
 * Describes the dataset with these messages.
 * @param where what to call it in an error
 * @throws AttuneError 'weights' if its bytes are outside the file, in another file, incomplete, or far fewer than its
 *   shape claims.
 */
export async function readDataset(
  storage: Hdf5Storage,
  messages: readonly Message[],
  where: string,
): Promise<Hdf5Array> {
  if (findMessage(messages, MESSAGE.externalFiles) !== undefined) {
    throw weightsError(where, 'the bytes of the array are in another file, which attune never follows');
  }
  const type = readType(required(messages, MESSAGE.datatype, where));
  const shape = readShape(required(messages, MESSAGE.dataspace, where)) ?? [0];
  const size = elementCount([...shape, type.size]);
  if (size === undefined || type.size === 0) {
    throw weightsError(where, `an array [${shape}] of ${type.size} bytes each has no readable size`);
  }
  const readBytes = await locate(storage, messages, { shape, size, itemSize: type.size, where });
  return { type, shape, readBytes };
}

interface Target {
  readonly shape: readonly number[];
  readonly size: number;
  readonly itemSize: number;
  readonly where: string;
}

function required(messages: readonly Message[], type: number, where: string): Fields {
  const fields = findMessage(messages, type);
  if (fields === undefined) throw weightsError(where, 'an array without type, shape or layout');
  return fields;
}

async function locate(
  storage: Hdf5Storage,
  messages: readonly Message[],
  target: Target,
): Promise<() => Promise<Uint8Array>> {
  const { size, where } = target;
  const layout = required(messages, MESSAGE.layout, where);
  const version = layout.version(3, 4);
  const kind = layout.u8();
  const filters = findMessage(messages, MESSAGE.filters);
  if (kind !== LAYOUT.chunked && filters !== undefined) {
    throw weightsError(where, 'the array has filters but no chunks');
  }
  if (kind === LAYOUT.virtual) {
    throw weightsError(where, 'the array is put together from other files, which attune never follows');
  }
  if (kind === LAYOUT.compact) {
    const length = layout.u16();
    if (length !== size)
      throw weightsError(where, `the array has ${length} bytes in its header, not ${size}`);
    const bytes = layout.bytes(length);
    return async () => bytes.slice();
  }
  if (kind === LAYOUT.contiguous) {
    const address = layout.address();
    const length = layout.u64();
    if (size === 0) return async () => new Uint8Array(0);
    if (address === undefined) throw neverWritten(where);
    if (length !== size) throw weightsError(where, `the array has ${length} bytes, not ${size}`);
    storage.countArray(address, size, where);
    return () => storage.source.read(address, size);
  }
  if (kind !== LAYOUT.chunked) throw weightsError(where, `the array has the unknown layout ${kind}`);
  if (version !== CHUNKED_VERSION) {
    throw weightsError(
      where,
      "the chunks of the array are indexed in HDF5's newest form",
      "save it with h5py's default instead of libver='latest'",
    );
  }
  return locateChunks(storage, layout, filters, target);
}

function neverWritten(where: string): Error {
  return weightsError(where, 'the array was declared but its values were never written');
}

interface Chunk {
  readonly address: number;
  readonly stored: number;
  /** Position of its first element. */
  readonly origin: readonly number[];
}

async function locateChunks(
  storage: Hdf5Storage,
  layout: Fields,
  filters: Fields | undefined,
  target: Target,
): Promise<() => Promise<Uint8Array>> {
  const { shape, size, itemSize, where } = target;
  // The element counts as a last dimension.
  const rank = layout.u8() - 1;
  const tree = layout.address();
  const extent = rank < 0 ? [] : Array.from({ length: rank }, () => layout.u32());
  const chunkBytes = elementCount([...extent, itemSize]);
  if (rank !== shape.length || rank === 0 || extent.includes(0) || chunkBytes === undefined) {
    throw weightsError(where, `chunks [${extent}] do not fit an array [${shape}]`);
  }
  if (size === 0) return async () => new Uint8Array(0);
  if (tree === undefined) throw neverWritten(where);
  const undo = filters === undefined ? [] : readFilters(filters, where);
  const chunks = await listChunks(storage, tree, target, extent, where);
  const stored = chunks.reduce((sum, chunk) => sum + chunk.stored, 0);
  // Chunks may reach far beyond the edges of the array, and each is decompressed whole.
  checkInflation(chunks.length * chunkBytes, stored, where);
  if (chunkBytes > MAX_TENSOR_BYTES) {
    throw weightsError(where, `a chunk has ${chunkBytes} bytes, more than ${MAX_TENSOR_BYTES}`);
  }
  return async () => {
    const out = new Uint8Array(size);
    for (const chunk of chunks) {
      let bytes = await storage.source.read(chunk.address, chunk.stored);
      for (const filter of undo) {
        bytes =
          filter === FILTER.deflate
            ? await inflate('zlib', bytes, chunkBytes, where)
            : await unshuffle(bytes, itemSize, storage.pauses);
      }
      if (bytes.length !== chunkBytes) {
        throw weightsError(where, `a chunk has ${bytes.length} bytes, not ${chunkBytes}`);
      }
      await place(bytes, extent, chunk.origin, out, shape, itemSize, storage.pauses);
    }
    return out;
  };
}

/** The filters in the order in which they are undone. */
function readFilters(fields: Fields, where: string): number[] {
  const version = fields.version(1, 2);
  const count = fields.u8();
  if (version === 1) fields.skip(6);
  const filters: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = fields.u16();
    // Version 2 leaves the name out for the filters that HDF5 itself defines.
    const nameBytes = version === 1 || id >= 256 ? fields.u16() : 0;
    fields.skip(2);
    const values = fields.u16();
    fields.skip(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    fields.skip(4 * values + (version === 1 && values % 2 === 1 ? 4 : 0));
    if (id !== FILTER.deflate && id !== FILTER.shuffle) {
      throw weightsError(
        where,
        `the array is compressed with filter ${id}, which attune does not undo`,
        "save it without compression, or with h5py's compression='gzip'",
      );
    }
    if (filters.includes(id)) throw weightsError(where, 'the array has the same filter twice');
    filters.unshift(id);
  }
  return filters;
}

/** Every chunk of the array, each exactly once; a missing one would have to be made up. */
async function listChunks(
  storage: Hdf5Storage,
  tree: number,
  { shape }: Target,
  extent: readonly number[],
  where: string,
): Promise<Chunk[]> {
  const keyBytes = 8 + 8 * (shape.length + 1);
  const chunks: Chunk[] = [];
  const seen = new Set<string>();
  for (const { key, address } of await readBTree1(storage, tree, NODE_TYPE.chunks, keyBytes)) {
    if (storage.pauses.due) await storage.pauses.take();
    const stored = key.u32();
    if (key.u32() !== 0) throw weightsError(where, 'a chunk leaves out one of the filters');
    const origin = shape.map(() => key.u64());
    const inside = origin.every((at, axis) => at < shape[axis] && at % extent[axis] === 0);
    if (!inside || seen.has(String(origin))) {
      throw weightsError(where, `a chunk at [${origin}] is outside the array or appears twice`);
    }
    storage.countArray(address, stored, where);
    seen.add(String(origin));
    chunks.push({ address, stored, origin });
  }
  const expected = shape.reduce((product, length, axis) => product * Math.ceil(length / extent[axis]), 1);
  if (chunks.length !== expected) {
    throw weightsError(where, `${chunks.length} of ${expected} chunks are there`);
  }
  return chunks;
}

/** Undoes the filter that puts the first bytes of all elements before the second bytes of all. */
async function unshuffle(bytes: Uint8Array, itemSize: number, pauses: Pauses): Promise<Uint8Array> {
  const count = Math.floor(bytes.length / itemSize);
  const out = bytes.slice();
  for (let byte = 0; byte < itemSize; byte++) {
    for (let i = 0; i < count; ) {
      if (pauses.due) await pauses.take();
      const end = Math.min(count, i + NUMBERS_AT_ONCE);
      for (; i < end; i++) out[i * itemSize + byte] = bytes[byte * count + i];
    }
  }
  return out;
}

/** Copies the part of a chunk that lies inside the array, row by row. */
async function place(
  chunk: Uint8Array,
  extent: readonly number[],
  origin: readonly number[],
  out: Uint8Array,
  shape: readonly number[],
  itemSize: number,
  pauses: Pauses,
): Promise<void> {
  const last = shape.length - 1;
  const rowBytes = Math.min(extent[last], shape[last] - origin[last]) * itemSize;
  const index = origin.map(() => 0);
  for (;;) {
    if (pauses.due) await pauses.take();
    let from = 0;
    let to = 0;
    for (let axis = 0; axis <= last; axis++) {
      from = from * extent[axis] + index[axis];
      to = to * shape[axis] + origin[axis] + index[axis];
    }
    out.set(chunk.subarray(from * itemSize, from * itemSize + rowBytes), to * itemSize);
    // The next row: the last axis that is not at its end advances, those behind it start again.
    let axis = last - 1;
    while (axis >= 0 && ++index[axis] >= Math.min(extent[axis], shape[axis] - origin[axis]))
      index[axis--] = 0;
    if (axis < 0) return;
  }
}
