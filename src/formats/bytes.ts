/**
 * Where a parser gets its bytes: positioned reads, so that a file is never held in memory as a whole, and so that the
 * same parsers work on a file, on memory in a test, and on a download in a browser.
 */

import { weightsError } from './tensors.js';

/** Bytes that can be read at any position. */
export interface ByteSource {
  /** What to call the source in an error: a path. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`. The result is fresh memory that the caller owns, alone in its buffer.
   * @throws AttuneError 'weights' if the range is not inside the source, before anything is allocated.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      return bytes.slice(offset, offset + length);
    },
    async close() {},
  };
}

/** Part of another source, which stays its owner's to close. */
export function partOf(source: ByteSource, start: number, size: number, name: string): ByteSource {
  checkRange(source.name, source.size, start, size);
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      return source.read(start + offset, length);
    },
    async close() {},
  };
}

/** Refuses a range that is not inside a source of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!valid || offset + length > size) {
    throw weightsError(name, `${length} bytes at position ${offset} are outside the file of ${size} bytes`);
  }
}
