/**
 * Where a parser gets its bytes: positioned reads, so that a file is never held in memory as a whole, and so that the
 * same parsers work on a file, on memory in a test, and on a download in a browser.
 */

import { Pauses } from '../pauses.js';
import { weightsError, quote } from './tensors.js';

/** Bytes that can be read at any position. */
export interface ByteSource {
  /** What to call the source in an error: a path. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Those of whoever reads it, in which a signal ends the reading. */
  readonly pauses: Pauses;
  /**
   * Reads exactly `length` bytes from `offset`. The result is fresh memory that the caller owns, alone in its buffer. A
   * parser that reads in its loop needs no pauses of its own.
   * @throws AttuneError 'weights' if the range is not inside the source, before anything is allocated; 'interrupted' on
   *   the signal.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The files beside a file that consists of several. */
export interface SiblingFiles {
  /**
   * Opens a file by the path that the first file gives for it, which must stay within the folder.
   * @param links whether the file may be a link out of the folder, as in the cache of Hugging Face. Not for files
   *   without a format of their own, of which any file of the machine could be one.
   * @throws AttuneError 'weights' if it is outside the folder, 'input' if there is no such file.
   */
  open(name: string, links: 'follow' | 'confine'): Promise<ByteSource>;
}

/** Refuses a path that is not plainly one below the folder: absolute, climbing, of another system, or odd. */
export function checkSiblingName(name: string, where: string): void {
  const names = name.split('/');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  const isOdd = name.length > 1000 || /[\\:\x00-\x1f]/.test(name);
  if (isOdd || names.some((each) => each === '' || each === '.' || each === '..')) {
    throw weightsError(where, `the file names ${quote(name)}, which is not a path within its folder`);
  }
}

/** Sources one behind the other, as one with the pauses of another. Closing it closes all. */
export function joinedSource(sources: readonly ByteSource[], name: string, pauses: Pauses): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const source of sources) {
    starts.push(size);
    size += source.size;
  }
  return {
    name,
    size,
    pauses,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      const first = starts.findLastIndex((start) => start <= offset);
      const inFirst = sources[first];
      if (inFirst !== undefined && offset + length <= starts[first] + inFirst.size) {
        return inFirst.read(offset - starts[first], length);
      }
      const bytes = new Uint8Array(length);
      for (const [i, source] of sources.entries()) {
        const from = Math.max(offset, starts[i]);
        const to = Math.min(offset + length, starts[i] + source.size);
        if (from < to) bytes.set(await source.read(from - starts[i], to - from), from - offset);
      }
      return bytes;
    },
    close: async () => closeAll(sources),
  };
}

/** Closes every source. */
export async function closeAll(sources: readonly ByteSource[]): Promise<void> {
  await Promise.all(sources.map((source) => source.close()));
}

/** A source over bytes in memory. */
export function memorySource(bytes: Uint8Array, name = 'memory', pauses = new Pauses()): ByteSource {
  return {
    name,
    size: bytes.length,
    pauses,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      if (pauses.due) await pauses.take();
      return bytes.slice(offset, offset + length);
    },
    async close() {},
  };
}

/** A range of another source, which stays its owner's to close. */
export function rangeOf(source: ByteSource, start: number, size: number, name: string): ByteSource {
  checkRange(source.name, source.size, start, size);
  return {
    name,
    size,
    pauses: source.pauses,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      return source.read(start + offset, length);
    },
    async close() {},
  };
}

/**
 * Each byte as the character of its number, for the few at which formats are recognised: no byte is an error, and it
 * takes a tenth of the time of spreading them.
 */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Bytes that are decoded at once: text that is not ASCII takes 14 ns a byte, and so a piece 4 ms. */
const TEXT_PIECE = 2 ** 18;

/**
 * The text of UTF-8, of whatever length.
 * @throws TypeError if it is none
 */
export async function decodeText(
  bytes: Uint8Array,
  pauses: Pauses,
  options: { readonly ignoreBOM?: boolean } = {},
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ...options });
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += TEXT_PIECE) {
    if (pauses.due) await pauses.take();
    pieces.push(decoder.decode(bytes.subarray(at, at + TEXT_PIECE), { stream: true }));
  }
  pieces.push(decoder.decode());
  return pieces.join('');
}

/** Refuses a range that is not inside a source of `size` bytes. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!valid || offset + length > size) {
    throw weightsError(name, `${length} bytes at position ${offset} are outside the file of ${size} bytes`);
  }
}
