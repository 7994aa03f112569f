/**
 * The fields of one HDF5 structure, one after the other. Whatever reaches past the end of the structure is refused, and
 * so is a number that a double cannot hold: nothing that is read here can be out of range without saying so.
 */

import { latin1 } from '../bytes.js';
import { weightsError } from '../tensors.js';

export class Fields {
  readonly where: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param where what to call the structure in an error */
  constructor(bytes: Uint8Array, where: string) {
    this.where = where;
    this.#bytes = bytes;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)];
  }

  u16(): number {
    return this.uint(2);
  }

  u32(): number {
    return this.uint(4);
  }

  /** A length or an offset of 8 bytes, at most 2^53 - 1. */
  u64(): number {
    return this.uint(8);
  }

  /** A number of `width` bytes, from 1 to 8. */
  uint(width: number): number {
    const start = this.#take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.#bytes[start + i];
    if (!Number.isSafeInteger(value)) throw this.error(`a number has ${value}, more than 2^53 - 1`);
    return value;
  }

  /** A position in the file; undefined where there is nothing to point at. */
  address(): number | undefined {
    const start = this.#take(8);
    // One that points nowhere has all bits set.
    let at = start;
    while (at < start + 8 && this.#bytes[at] === 255) at++;
    if (at === start + 8) return undefined;
    this.#at = start;
    return this.u64();
  }

  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** The same structure from its beginning. */
  fromStart(): Fields {
    return new Fields(this.#bytes, this.where);
  }

  /** The next `count` bytes as a structure of their own. */
  fields(count: number): Fields {
    return new Fields(this.bytes(count), this.where);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Text of `length` bytes, which ends at the first zero if there is one. */
  text(length: number): string {
    return textOf(this.bytes(length), this.where);
  }

  /** Requires the four letters with which a structure begins. */
  signature(letters: string): void {
    if (latin1(this.bytes(letters.length)) !== letters)
      throw this.error(`the signature ${letters} is missing`);
  }

  /** Requires one of the versions of a structure. */
  version(...known: readonly number[]): number {
    const version = this.u8();
    if (!known.includes(version)) {
      throw this.error(`the structure has version ${version}, not ${known.join(' or ')}`);
    }
    return version;
  }

  error(what: string): Error {
    return weightsError(this.where, what);
  }

  #take(count: number): number {
    if (count > this.left) throw this.error('the structure ends early');
    const start = this.#at;
    this.#at += count;
    return start;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 text up to the first zero. */
export function textOf(bytes: Uint8Array, where: string): string {
  const end = bytes.indexOf(0);
  try {
    return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch {
    throw weightsError(where, 'a name or a text is not UTF-8');
  }
}
