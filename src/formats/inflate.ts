/**
 * Decompression with a bound: the size of the result is known before, and more is never made. With `file.ts` the only
 * file of this folder that imports `node:`.
 */

import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { weightsError } from './tensors.js';

const inflaters = {
  zlib: { now: zlib.inflateSync, later: promisify(zlib.inflate) },
  raw: { now: zlib.inflateRawSync, later: promisify(zlib.inflateRaw) },
} as const;

/** Results of at most this many bytes are there before another thread would have begun. */
const AT_ONCE = 2 ** 16;

/** Compressed data that declares more than this is checked against the ratio below. */
const RATIO_FLOOR = 256 * 2 ** 20;

/** What decompression may multiply; weights hardly compress at all. */
const MAX_RATIO = 100;

/**
 * Refuses data whose declared size is out of all proportion to what is stored, so that a small file cannot fill the
 * memory: above 256 MiB at most a hundred times.
 */
export function checkInflation(declared: number, stored: number, where: string): void {
  if (declared > RATIO_FLOOR && declared > MAX_RATIO * stored) {
    throw weightsError(
      where,
      `${declared} bytes are said to be compressed into ${stored}, which is how a small file attacks the memory`,
    );
  }
}

/**
 * Decompresses deflate data, with the header and checksum of zlib or `raw`, into exactly `size` bytes.
 * @throws AttuneError 'weights' if it is damaged or gives another size.
 */
export async function inflate(
  format: keyof typeof inflaters,
  bytes: Uint8Array,
  size: number,
  where: string,
): Promise<Uint8Array> {
  let result: Buffer;
  try {
    // One byte more than is wanted, so that too much is seen as such; 0 would be refused as a limit.
    const options = { maxOutputLength: size + 1 };
    const { now, later } = inflaters[format];
    result = size <= AT_ONCE ? now(bytes, options) : await later(bytes, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw weightsError(where, `the compressed data is damaged or larger than declared: ${reason}`);
  }
  if (result.length !== size) {
    throw weightsError(where, `the compressed data gives ${result.length} bytes, not ${size}`);
  }
  // Alone in its memory, as every source promises, and no Buffer, whose slices are no copies.
  return size === result.buffer.byteLength ? new Uint8Array(result.buffer) : new Uint8Array(result);
}

/** What the first bytes of raw deflate data give, as much as they do. */
export function inflateStart(bytes: Uint8Array, where: string): Uint8Array {
  try {
    return new Uint8Array(zlib.inflateRawSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw weightsError(where, `the compressed data is damaged: ${reason}`);
  }
}
