/**
 * The directory of a zip archive, read by `yauzl` through a `ByteSource`. Records that are stored and not compressed,
 * as PyTorch and Keras write them, are then read from the archive in place. `yauzl` is the one
 * part of the parsers that needs Node.
 */

import yauzl from 'yauzl';
import { AttuneError } from '../errors.js';
import type { Pauses } from '../pauses.js';
import type { ByteSource } from './bytes.js';
import { crc32 } from './crc32.js';
import { weightsError, quote } from './tensors.js';

/** The most records that are listed. */
const MAX_RECORDS = 250_000;

/** Bytes that are read at once to check a record. */
const CHECK_PIECE = 2 ** 18;

/** Methods of compression. */
const STORED = 0;
const DEFLATE = 8;

/** Where a record's bytes are in the archive, and the checksum that the directory gives for them. */
export interface ZipRecord {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly crc32: number;
  /** Bytes that it has in the archive. */
  readonly stored: number;
  /** Whether these are deflate data and not the record itself. */
  readonly isCompressed: boolean;
}

export interface ZipDirectory {
  readonly names: ReadonlySet<string>;
  /** Finds the bytes of a record; refuses one that is missing, compressed or encrypted or reaches outside the file. */
  readonly locate: (name: string) => Promise<ZipRecord>;
  /** The same for a record that may be compressed with deflate. */
  readonly locateAny: (name: string) => Promise<ZipRecord>;
}

/**
 * Lists the records of an archive.
 * @throws AttuneError 'weights' if the directory is damaged or a name is absolute, climbs with `..` or appears twice.
 */
export async function readZipDirectory(source: ByteSource): Promise<ZipDirectory> {
  const where = `${source.name}, zip directory`;
  const [zip, entries] = await listEntries(source, where);
  const unreadable = (name: string, what: string) => weightsError(where, `the record ${quote(name)} ${what}`);

  async function locateAny(name: string): Promise<ZipRecord> {
    const entry = entries.get(name);
    if (entry === undefined) throw unreadable(name, 'is missing');
    const { compressionMethod, compressedSize, uncompressedSize } = entry;
    if (entry.isEncrypted()) throw unreadable(name, 'is encrypted');
    const isCompressed = compressionMethod === DEFLATE;
    if (!isCompressed && compressionMethod !== STORED) {
      throw unreadable(name, `is compressed with method ${compressionMethod}, which attune does not undo`);
    }
    const offset = await dataStart(zip, entry, where);
    const size = isCompressed ? uncompressedSize : compressedSize;
    return { name, offset, size, crc32: entry.crc32, stored: compressedSize, isCompressed };
  }

  return {
    names: new Set(entries.keys()),
    locateAny,
    async locate(name) {
      const record = await locateAny(name);
      if (record.isCompressed) throw unreadable(name, 'is compressed, which neither PyTorch nor Keras does');
      return record;
    },
  };
}

/** Requires that the bytes of a record have the checksum of the directory, once; everyone who asks gets the outcome. */
export function checkRecordOnce(source: ByteSource, record: ZipRecord): () => Promise<void> {
  let outcome: Promise<unknown> | undefined;
  return async () => {
    await (outcome ??= readChecked(source, record, 0, 0));
  };
}

/**
 * Reads `length` bytes of a record from its byte `start` on; none are given before all of it has its checksum. A range
 * that is asked for first is read once, as a part of that check: mostly it is the whole record.
 */
export function checkedReader(
  source: ByteSource,
  record: ZipRecord,
): (start: number, length: number) => Promise<Uint8Array> {
  let outcome: Promise<void> | undefined;
  return async (start, length) => {
    if (outcome !== undefined) {
      await outcome;
      return source.read(record.offset + start, length);
    }
    const first = readChecked(source, record, start, length);
    // Not `first` itself, which would keep the bytes; whoever asked for them gets its error.
    outcome = first.then(() => undefined);
    outcome.catch(() => undefined);
    return first;
  };
}

/** A range of a record, of which all has the checksum of the directory. */
async function readChecked(
  source: ByteSource,
  record: ZipRecord,
  start: number,
  length: number,
): Promise<Uint8Array> {
  let crc = await checksumOf(source, record.offset, start, 0);
  const bytes = await source.read(record.offset + start, length);
  crc = await checksumIn(bytes, crc, source.pauses);
  const end = start + length;
  crc = await checksumOf(source, record.offset + end, record.size - end, crc);
  if (crc !== record.crc32) {
    throw weightsError(
      source.name,
      `the bytes of record ${quote(record.name)} do not have their checksum (CRC-32)`,
    );
  }
  return bytes;
}

/** Goes on with a checksum over bytes that nobody else needs: in pieces, each read while the one before is summed. */
async function checksumOf(source: ByteSource, offset: number, size: number, before: number): Promise<number> {
  const read = (done: number) =>
    done < size ? source.read(offset + done, Math.min(CHECK_PIECE, size - done)) : undefined;
  let crc = before;
  let next = read(0);
  for (let done = CHECK_PIECE; next !== undefined; done += CHECK_PIECE) {
    const bytes = await next;
    next = read(done);
    crc = crc32(bytes, crc);
  }
  return crc;
}

/** Goes on with a checksum over bytes that are in memory. */
export async function checksumIn(bytes: Uint8Array, before: number, pauses: Pauses): Promise<number> {
  let crc = before;
  for (let at = 0; at < bytes.length; at += CHECK_PIECE) {
    if (pauses.due) await pauses.take();
    crc = crc32(bytes.subarray(at, at + CHECK_PIECE), crc);
  }
  return crc;
}

/** The checked bytes of a record of at most `limit` bytes. */
export async function readRecord(source: ByteSource, record: ZipRecord, limit: number): Promise<Uint8Array> {
  if (record.size > limit) {
    throw weightsError(
      source.name,
      `record ${record.name} has ${record.size} bytes, more than the limit of ${limit}`,
    );
  }
  return readChecked(source, record, 0, record.size);
}

function listEntries(source: ByteSource, where: string): Promise<[yauzl.ZipFile, Map<string, yauzl.Entry>]> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(asWeightsError(error, where));
    const entries = new Map<string, yauzl.Entry>();
    const options = { autoClose: false, lazyEntries: true, strictFileNames: true };
    yauzl.fromRandomAccessReader(new SourceReader(source, fail), source.size, options, (error, zip) => {
      if (error) return fail(error);
      if (zip.entryCount > MAX_RECORDS) {
        return fail(
          weightsError(where, `the archive claims ${zip.entryCount} records, more than ${MAX_RECORDS}`),
        );
      }
      zip.on('error', fail);
      zip.on('end', () => resolve([zip, entries]));
      zip.on('entry', (entry: yauzl.Entry) => {
        if (entries.has(entry.fileName)) {
          return fail(weightsError(where, `the record ${quote(entry.fileName)} appears twice`));
        }
        entries.set(entry.fileName, entry);
        zip.readEntry();
      });
      zip.readEntry();
    });
  });
}

/** Where the bytes of an entry begin: the local header in front of them has a length of its own. */
function dataStart(zip: yauzl.ZipFile, entry: yauzl.Entry, where: string): Promise<number> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (error) reject(asWeightsError(error, where));
      else resolve(header.fileDataStart);
    });
  });
}

/** Gives `yauzl` the bytes of a source. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;
  readonly #crash: (error: unknown) => void;

  /** @param crash is told what `yauzl` throws while it handles bytes, which nobody else could catch */
  constructor(source: ByteSource, crash: (error: unknown) => void) {
    super();
    this.#source = source;
    this.#crash = crash;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#source
      .read(position, length)
      .then(
        (bytes) => {
          buffer.set(bytes, offset);
          callback(null, length);
        },
        (error: Error) => callback(error),
      )
      .catch(this.#crash);
  }
}

function asWeightsError(error: unknown, where: string): unknown {
  if (error instanceof AttuneError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return weightsError(where, `the zip archive is damaged: ${reason.replace(/[^\x20-\x7e]/g, '?')}`);
}
