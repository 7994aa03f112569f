/**
 * The bytes of a zip archive, piece by piece: records stored as they are, each beginning at a multiple of 64 bytes, as
 * PyTorch writes them, so that a reader can map them into memory. Without ZIP64: archives end below 4 GiB.
 */

import { crc32 } from './crc32.js';
import { notWritable } from './to-write.js';

const ALIGNMENT = 64;
const LOCAL_HEADER_BYTES = 30;
const EXTRA_HEADER_BYTES = 4;
const DIRECTORY_HEADER_BYTES = 46;
/** 2.0, the first with folders and compression: what every program reads. */
const VERSION = 20;

const MAX_ARCHIVE_BYTES = 2 ** 32 - 1;
const MAX_RECORDS = 2 ** 16 - 1;

/** Identifier of the extra field that only fills up: any that no program gives a meaning; PyTorch's has the same. */
const PADDING_FIELD = 0x4246;

/** 1 January 1980, the first day that a zip archive knows: the same weights give the same bytes on any day. */
const DATE = 0x21;

/** A record of an archive; its bytes, `size` of them, are asked for when their turn comes. Names are ASCII. */
export interface ZipRecordToWrite {
  readonly name: string;
  readonly size: number;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * Yields the archive from beginning to end.
 * @throws AttuneError 'weights', before the first piece, if it would have 4 GiB or more than 65,535 records.
 */
export async function* zipPieces(records: readonly ZipRecordToWrite[]): AsyncGenerator<Uint8Array> {
  assertFits(records);
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, bytes } of records) {
    const data = await bytes();
    const text = new TextEncoder().encode(name);
    const fields = { length: data.length, checksum: crc32(data), nameLength: text.length };
    const start = position + LOCAL_HEADER_BYTES + text.length + EXTRA_HEADER_BYTES;
    const padding = ALIGNMENT - (start % ALIGNMENT);
    yield header(0x04034b50, start - position + padding, (view, out) => {
      writeFields(view, 4, { ...fields, extraLength: EXTRA_HEADER_BYTES + padding });
      out.set(text, LOCAL_HEADER_BYTES);
      view.setUint16(LOCAL_HEADER_BYTES + text.length, PADDING_FIELD, true);
      view.setUint16(LOCAL_HEADER_BYTES + text.length + 2, padding, true);
    });
    yield data;
    const offset = position;
    directory.push(
      header(0x02014b50, DIRECTORY_HEADER_BYTES + text.length, (view, out) => {
        view.setUint16(4, VERSION, true); // that made it
        writeFields(view, 6, { ...fields, extraLength: 0 });
        view.setUint32(42, offset, true);
        out.set(text, DIRECTORY_HEADER_BYTES);
      }),
    );
    position = start + padding + data.length;
  }
  yield* directory;
  yield header(0x06054b50, 22, (view) => {
    view.setUint16(8, records.length, true);
    view.setUint16(10, records.length, true);
    view.setUint32(12, sum(directory.map(({ length }) => length)), true);
    view.setUint32(16, position, true);
  });
}

/** The part that a record's own header and its entry in the directory have in common. */
function writeFields(
  view: DataView,
  at: number,
  fields: {
    readonly length: number;
    readonly checksum: number;
    readonly nameLength: number;
    readonly extraLength: number;
  },
): void {
  view.setUint16(at, VERSION, true); // that is needed to read it
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, fields.checksum, true);
  view.setUint32(at + 14, fields.length, true);
  view.setUint32(at + 18, fields.length, true);
  view.setUint16(at + 22, fields.nameLength, true);
  view.setUint16(at + 24, fields.extraLength, true);
}

function assertFits(records: readonly ZipRecordToWrite[]): void {
  const most = LOCAL_HEADER_BYTES + EXTRA_HEADER_BYTES + ALIGNMENT + DIRECTORY_HEADER_BYTES;
  const bytes = sum(records.map(({ name, size }) => size + 2 * name.length + most));
  if (records.length <= MAX_RECORDS && bytes <= MAX_ARCHIVE_BYTES) return;
  throw notWritable('archive', `${records.length} records of ${bytes} bytes need ZIP64`);
}

function header(
  signature: number,
  length: number,
  fill: (view: DataView, out: Uint8Array) => void,
): Uint8Array {
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setUint32(0, signature, true);
  fill(view, out);
  return out;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
