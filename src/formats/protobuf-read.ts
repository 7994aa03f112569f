/**
 * The wire format of protocol buffers, read where it lies: a message is a list of fields, each a number and a kind,
 * followed by a small number or by bytes that are skipped unless somebody asks for them.
 *
 * Libraries decode a message from memory, and an ONNX model is one message of a hundred megabytes and more, nearly all
 * of it weights. This reads the few bytes around them and leaves the weights in the file.
 */

import type { Pauses } from '../pauses.js';
import type { ByteSource } from './bytes.js';
import { weightsError } from './tensors.js';

/** How the value of a field is written. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The longest head of a field: its number and kind, and a number of up to 10 bytes. */
const MAX_HEAD_BYTES = 20;

/** The most fields of one file. A node of a graph takes about 30. */
const MAX_FIELDS = 2_000_000;

/** The longest text that is read, unless its reader says otherwise. */
const MAX_TEXT_BYTES = 65_536;

/** A field of a message. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  /** The value of a varint; not exact beyond 2^53. */
  readonly value: number;
  /** Where the value's bytes are in the file; those of a varint are in `value`. */
  readonly start: number;
  readonly length: number;
}

/** Messages of one file, which share a count of their fields. */
export class ProtobufReader {
  readonly #source: ByteSource;
  #fields = 0;

  /** @param source of which small pieces are read: a paged one */
  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * The fields of the message in these bytes, one after the other.
   * @throws AttuneError 'weights' if a field is damaged or reaches beyond the message.
   */
  async *fields(start: number, length: number, where: string): AsyncGenerator<Field> {
    const end = start + length;
    for (let at = start; at < end; ) {
      if (++this.#fields > MAX_FIELDS) throw weightsError(where, `there are more than ${MAX_FIELDS} fields`);
      const head = new Head(await this.#source.read(at, Math.min(MAX_HEAD_BYTES, end - at)), where);
      const field = head.field(at);
      at = field.start + field.length;
      if (at > end) {
        throw weightsError(
          where,
          `field ${field.number} of ${field.length} bytes reaches beyond its message`,
        );
      }
      yield field;
    }
  }

  /** The text of a field, which has at most `limit` bytes. */
  async text(field: Field, where: string, limit = MAX_TEXT_BYTES): Promise<string> {
    if (field.wire !== WIRE.bytes || field.length > limit) {
      throw weightsError(where, `field ${field.number} is no text, or longer than ${limit} bytes`);
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(
        await this.#source.read(field.start, field.length),
      );
    } catch (error) {
      if (error instanceof TypeError)
        throw weightsError(where, `the text of field ${field.number} is not UTF-8`);
      throw error;
    }
  }

  /** The float32 of a field. */
  async float(field: Field, where: string): Promise<number> {
    if (field.wire !== WIRE.fixed32) throw weightsError(where, `field ${field.number} is no float32`);
    const bytes = await this.#source.read(field.start, field.length);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }

  /** Adds the whole numbers of a repeated field, which has one or many of them, to those that came before. */
  async counts(field: Field, numbers: number[], limit: number, where: string): Promise<void> {
    if (field.wire === WIRE.varint) numbers.push(field.value);
    else if (field.wire !== WIRE.bytes || field.length > 10 * limit) {
      throw weightsError(where, `field ${field.number} is no list of at most ${limit} numbers`);
    } else {
      const head = new Head(await this.#source.read(field.start, field.length), where);
      while (head.left > 0) numbers.push(head.varint());
    }
    if (numbers.length > limit || !numbers.every(Number.isSafeInteger)) {
      throw weightsError(
        where,
        `field ${field.number} has more than ${limit} numbers, or negative or huge ones`,
      );
    }
  }
}

/** Bytes in which varints stand one after the other. */
class Head {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The field whose head begins at `position` of the file. */
  field(position: number): Field {
    const tag = this.varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (number === 0) throw weightsError(this.#where, 'a field has the number 0');
    const value = wire === WIRE.varint || wire === WIRE.bytes ? this.varint() : 0;
    const start = position + this.#at;
    const lengths: Readonly<Record<number, number>> = {
      [WIRE.varint]: 0,
      [WIRE.fixed64]: 8,
      [WIRE.bytes]: value,
      [WIRE.fixed32]: 4,
    };
    const length = lengths[wire];
    if (length === undefined || !Number.isSafeInteger(length)) {
      throw weightsError(this.#where, `field ${number} has the kind ${wire}, or no readable length`);
    }
    return { number, wire, value, start, length };
  }

  /** Seven bits in each byte, the lowest first; the highest bit says that more follow. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw weightsError(this.#where, 'a number is cut off');
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw weightsError(this.#where, 'a number has more than 10 bytes');
  }
}

/**
 * Varints as little-endian numbers of `itemSize` bytes, of which they are the lowest bits.
 * @throws AttuneError 'weights' if there are not exactly `count` of them.
 */
export async function varintsToBytes(
  bytes: Uint8Array,
  count: number,
  itemSize: number,
  where: string,
  pauses: Pauses,
): Promise<Uint8Array> {
  // A varint has at least a byte: without this, few bytes could ask for much memory.
  if (count > bytes.length) throw weightsError(where, `${bytes.length} bytes hold no ${count} numbers`);
  const out = new DataView(new ArrayBuffer(count * itemSize));
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (pauses.due) await pauses.take();
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw weightsError(where, 'a number is cut off or too long');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) break;
    }
    for (let byte = 0; byte < itemSize; byte++) {
      out.setUint8(i * itemSize + byte, Number((value >> BigInt(8 * byte)) & 255n));
    }
  }
  if (at !== bytes.length) throw weightsError(where, `more than ${count} numbers are there`);
  return new Uint8Array(out.buffer);
}
