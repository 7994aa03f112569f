/**
 * A folder of small records found by a hash: what the prepared-image cache and the feature cache
 * are made of.
 *
 * Records are gathered and written many at a time as one **shard**, a file that never changes
 * again: thousands of images make a few files, each flushed once. A shard appears by a rename,
 * so two processes may write to one folder, and a crash loses at most what was still gathered.
 *
 * Layout of a shard, integers little-endian:
 *
 *     magic           16 bytes, "attune shard 1\n\0"
 *     count            4 bytes
 *     entries         count x 68 bytes: key (32), SHA-256 of key and payload (32), length (4)
 *     header hash     32 bytes, SHA-256 of all of the above
 *     payloads        one after the other, in the order of the entries
 *
 * A shard whose header does not hash is ignored; a record that is cut off or does not hash is
 * treated as absent, and whoever asked computes it again. The later shard wins.
 */

import { createHash } from 'node:crypto';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { makeFolders } from '../formats/index.js';
import { diskError, temporarySuffix, writeWhole } from './disk.js';

export interface RecordStore {
  /** Number of records. */
  readonly size: number;
  /** Whether a record is there; `get` alone knows whether it is whole. */
  has(key: string): boolean;
  /** The payload, or null if it is absent or damaged. */
  get(key: string): Promise<Uint8Array | null>;
  /** Where a record lies, for `readRecord` in any thread; null if it is absent or not written yet. */
  locate(key: string): RecordLocation | null;
  /**
   * Takes a copy of the payload; writes a shard once enough is gathered.
   * @throws AttuneError 'disk'; the gathered records stay and are tried again by the next write
   */
  put(key: string, payload: Uint8Array): Promise<void>;
  /** Writes what is gathered. @throws AttuneError 'disk' */
  flush(): Promise<void>;
  /** Writes what is gathered; the store cannot be used afterwards. @throws AttuneError 'disk' */
  close(): Promise<void>;
}

export interface RecordStoreOptions {
  /** Gather at most this many bytes before a shard is written. */
  readonly shardBytes?: number;
  /** Write at the next `put` once the oldest gathered record is this old. */
  readonly shardSeconds?: number;
}

const magic = Buffer.from('attune shard 1\n\0');
const keyBytes = 32;
const entryBytes = 68;
const entriesStart = magic.length + 4;
const shardSuffix = '.shard';
/** A temporary file this old belongs to a process that died. */
const staleMilliseconds = 24 * 3600 * 1000;

/** A record in its shard; plain data, which may be sent to another thread. */
export interface RecordLocation {
  /** Path of the shard. */
  readonly shard: string;
  readonly offset: number;
  readonly length: number;
  /** SHA-256 of key and payload. */
  readonly hash: Uint8Array;
}

/**
 * Opens the store in a folder, which is made if it is missing.
 * @throws AttuneError 'disk' if the folder cannot be used
 */
export async function openRecordStore(
  folder: string,
  { shardBytes = 16 * 2 ** 20, shardSeconds = 10 }: RecordStoreOptions = {},
): Promise<RecordStore> {
  const index = await readIndex(folder);
  const copyInBlocks = blockCopies();
  let gathered = new Map<string, Uint8Array>();
  let gatheredBytes = 0;
  let gatheredSince = 0;
  let writing: ReadonlyMap<string, Uint8Array> = new Map();
  let lastWrite: Promise<void> = Promise.resolve();
  let closed = false;

  async function writeGathered(): Promise<void> {
    if (gathered.size === 0) return;
    const batch = gathered;
    writing = batch;
    gathered = new Map();
    gatheredBytes = 0;
    try {
      for (const [key, location] of await writeShard(folder, batch)) index.set(key, location);
    } catch (error) {
      gathered = new Map([...batch, ...gathered]);
      for (const payload of batch.values()) gatheredBytes += payload.length;
      throw error;
    } finally {
      writing = new Map();
    }
  }

  /** One shard is written at a time; a failed write does not stop the next attempt. */
  function flush(): Promise<void> {
    lastWrite = lastWrite.then(writeGathered, writeGathered);
    return lastWrite;
  }

  return {
    get size() {
      return new Set([...index.keys(), ...writing.keys(), ...gathered.keys()]).size;
    },
    has: (key) => gathered.has(key) || writing.has(key) || index.has(key),
    async get(key) {
      const inMemory = gathered.get(key) ?? writing.get(key);
      if (inMemory) return inMemory.slice();
      const location = index.get(key);
      if (!location) return null;
      const payload = await readRecord(key, location);
      if (payload === null) index.delete(key);
      return payload;
    },
    locate(key) {
      if (gathered.has(key) || writing.has(key)) return null;
      return index.get(key) ?? null;
    },
    async put(key, payload) {
      if (closed) throw closedError(folder);
      if (gathered.size === 0) gatheredSince = Date.now();
      gatheredBytes += payload.length - (gathered.get(key)?.length ?? 0);
      gathered.set(checkKey(key), copyInBlocks(payload));
      const old = Date.now() - gatheredSince >= shardSeconds * 1000;
      if (gatheredBytes >= shardBytes || old) await flush();
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

/**
 * Copies payloads one behind the other into blocks of 1 MiB. Each in a buffer of its own, the thousands of a shard leave
 * the memory of the process in small pieces, which the system never gets back.
 */
export function blockCopies(): (payload: Uint8Array) => Uint8Array {
  let free = new Uint8Array(0);
  return (payload) => {
    const { length } = payload;
    if (length > blockBytes) return payload.slice();
    if (length > free.length) free = new Uint8Array(blockBytes);
    const copy = free.subarray(0, length);
    copy.set(payload);
    free = free.subarray(length);
    return copy;
  };
}

const blockBytes = 2 ** 20;

async function readIndex(folder: string): Promise<Map<string, RecordLocation>> {
  const index = new Map<string, RecordLocation>();
  try {
    await makeFolders(folder);
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      if (name.endsWith(temporarySuffix)) await removeStale(path);
      if (!name.endsWith(shardSuffix)) continue;
      for (const [key, location] of await readShardEntries(path)) index.set(key, location);
    }
  } catch (error) {
    throw diskError(error, folder);
  }
  return index;
}

async function removeStale(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleMilliseconds) await unlink(path);
  } catch {
    // Another process removed or renamed it meanwhile; either is what we want.
  }
}

/** The records that a shard claims and has room for; none if its header is damaged. */
async function readShardEntries(path: string): Promise<[string, RecordLocation][]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = await readAt(file, 0, entriesStart, size);
    if (!start?.subarray(0, magic.length).equals(magic)) return [];
    const headerLength = entriesStart + start.readUInt32LE(magic.length) * entryBytes;
    const header = await readAt(file, 0, headerLength + 32, size);
    if (header === null) return [];
    const entries = header.subarray(0, headerLength);
    if (!sha256(entries).equals(header.subarray(headerLength))) return [];
    return locateRecords(path, entries, size);
  } finally {
    await file.close();
  }
}

function locateRecords(shard: string, header: Buffer, fileSize: number): [string, RecordLocation][] {
  const located: [string, RecordLocation][] = [];
  let offset = header.length + 32;
  for (let at = entriesStart; at < header.length; at += entryBytes) {
    const key = header.subarray(at, at + keyBytes).toString('hex');
    // A copy in memory of its own: it is kept and sent about without the whole header.
    const hash = Uint8Array.from(header.subarray(at + keyBytes, at + 64));
    const length = header.readUInt32LE(at + 64);
    if (offset + length <= fileSize) located.push([key, { shard, offset, length, hash }]);
    offset += length;
  }
  return located;
}

type OpenFile = Awaited<ReturnType<typeof open>>;

/** `length` bytes, or null if the file is too short for them. */
async function readAt(
  file: OpenFile,
  offset: number,
  length: number,
  fileSize: number,
): Promise<Buffer | null> {
  if (offset + length > fileSize) return null;
  const bytes = Buffer.allocUnsafeSlow(length); // not a piece of the pool: it is handed out
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytesRead === length ? bytes : null;
}

/**
 * Reads and checks one record; null if it is damaged. A file that is gone or cannot be read is a
 * record that is lost.
 */
export async function readRecord(key: string, location: RecordLocation): Promise<Uint8Array | null> {
  const { shard, offset, length, hash } = location;
  try {
    const file = await open(shard, 'r');
    try {
      const payload = await readAt(file, offset, length, Number.POSITIVE_INFINITY);
      if (payload === null || !recordHash(key, payload).equals(hash)) return null;
      return new Uint8Array(payload.buffer);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

let shardsWritten = 0;

async function writeShard(
  folder: string,
  records: ReadonlyMap<string, Uint8Array>,
): Promise<[string, RecordLocation][]> {
  const header = Buffer.alloc(entriesStart + records.size * entryBytes);
  magic.copy(header);
  header.writeUInt32LE(records.size, magic.length);
  let at = entriesStart;
  let payloadBytes = 0;
  for (const [key, payload] of records) {
    header.write(key, at, 'hex');
    recordHash(key, payload).copy(header, at + keyBytes);
    header.writeUInt32LE(payload.length, at + 64);
    at += entryBytes;
    payloadBytes += payload.length;
  }
  // Names sort by time, so that a record computed again replaces the damaged one.
  const time = Date.now().toString().padStart(15, '0');
  const name = `${time}-${process.pid}-${(shardsWritten++).toString().padStart(6, '0')}`;
  const path = join(folder, `${name}${shardSuffix}`);
  await writeWhole(path, [header, sha256(header), ...records.values()]);
  return locateRecords(path, header, header.length + 32 + payloadBytes);
}

function recordHash(key: string, payload: Uint8Array): Buffer {
  return createHash('sha256').update(key, 'hex').update(payload).digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function checkKey(key: string): string {
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  throw new AttuneError({
    code: 'internal',
    what: `a key must be 64 hexadecimal digits, not ${JSON.stringify(key)}`,
    where: 'record store',
  });
}

function closedError(folder: string): AttuneError {
  return new AttuneError({ code: 'program', what: 'the cache is closed', where: folder });
}
