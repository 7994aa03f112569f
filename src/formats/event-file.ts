/**
 * TensorBoard's event files: records one after another, each a message `Event` of TensorFlow's event.proto. Which
 * values mean what is said in summaries.ts. A record is framed as TensorFlow's record_writer has it:
 *
 *     uint64 length, uint32 masked CRC-32C of the length, data, uint32 masked CRC-32C of the data; little-endian
 *
 * so that a reader knows the last record of a file that is being written, or was cut off, as one that is not whole.
 */
import { crc32c } from './crc32.js';
import {
  doubleField,
  type Encoded,
  integerField,
  message,
  messageField,
  stringField,
} from './protobuf-write.js';

const LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/** What every event file begins with: the version that readers ask for. */
export const FILE_VERSION = 'brain.Event:2';

/** SessionLog.SessionStatus of event.proto. */
const SESSION_START = 1;

/** The record with which a file begins. `writer` says which program wrote it. */
export function versionRecord(wallTime: number, writer: string): Uint8Array {
  const source = messageField(10, message(stringField(1, writer)));
  return record(message(doubleField(1, wallTime), stringField(3, FILE_VERSION), source));
}

/**
 * The record of a process that goes on: readers forget what they have seen of this step and later ones, which the
 * process before it wrote and did not save.
 */
export function sessionStartRecord(wallTime: number, step: number): Uint8Array {
  const start = messageField(7, message(integerField(1, SESSION_START)));
  return record(message(doubleField(1, wallTime), integerField(2, step), start));
}

/** The record of values (summaries.ts) at a step. `wallTime` in seconds since 1970. */
export function summaryRecord(wallTime: number, step: number, values: readonly Encoded[]): Uint8Array {
  const summary = message(values.map((value) => messageField(1, value)));
  return record(message(doubleField(1, wallTime), integerField(2, step), messageField(5, summary)));
}

function record({ length, pieces }: Encoded): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + CHECKSUM_BYTES + length + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  view.setUint32(LENGTH_BYTES, maskedChecksum(bytes.subarray(0, LENGTH_BYTES)), true);
  const begin = LENGTH_BYTES + CHECKSUM_BYTES;
  let at = begin;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  view.setUint32(at, maskedChecksum(bytes.subarray(begin, at)), true);
  return bytes;
}

/** Masked, because the checksum of data that holds its own checksum is weak: rotated by 15 bits, plus a constant. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
