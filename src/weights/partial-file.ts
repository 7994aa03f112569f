/**
 * The unfinished file of a download: `<name>.part`, and beside it `<name>.part.json`, which says
 * of which version of which URL it is the beginning. What was received is hashed as it is written,
 * so that the finished file need not be read again.
 */

import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';

const versionSchema = v.object({
  url: v.string(),
  etag: v.nullable(v.string()),
  lastModified: v.nullable(v.string()),
  /** Length of the whole file in bytes. */
  total: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** What identifies the version of a remote file, as far as its server tells. */
export type RemoteVersion = Readonly<v.InferOutput<typeof versionSchema>>;

/** Writes all of `data` at `position`; a parameter so that a test can play a full disk. */
export type WriteAll = (file: FileHandle, data: Uint8Array, position: number) => Promise<void>;

export const writeAll: WriteAll = async (file, data, position) => {
  for (let done = 0; done < data.length; ) {
    done += (await file.write(data, done, data.length - done, position + done)).bytesWritten;
  }
};

/** What is there of a file that is downloaded. */
export class PartialFile {
  readonly path: string;
  /** Bytes on disk so far. */
  received = 0;
  /** The version that these bytes belong to; undefined before `begin`. */
  version: RemoteVersion | undefined;
  private hash: Hash = createHash('sha256');
  private readonly file: FileHandle;
  private readonly write: WriteAll;

  private constructor(path: string, file: FileHandle, write: WriteAll) {
    this.path = path;
    this.file = file;
    this.write = write;
  }

  /** Opens `<path>.part`, going on from what is there if it is a beginning of `url`. */
  static async open(path: string, url: string, write: WriteAll, signal?: AbortSignal): Promise<PartialFile> {
    const partial = `${path}.part`;
    const version = await readVersion(partial);
    const file = await open(partial, constants.O_RDWR | constants.O_CREAT);
    const result = new PartialFile(partial, file, write);
    try {
      if (version?.url === url) await result.rehash(version, signal);
      else await result.clear();
      return result;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async rehash(version: RemoteVersion, signal: AbortSignal | undefined): Promise<void> {
    const buffer = Buffer.alloc(1 << 20);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.file.read(buffer, 0, buffer.length, this.received);
      if (bytesRead === 0) break;
      this.hash.update(buffer.subarray(0, bytesRead));
      this.received += bytesRead;
    }
    this.version = version;
  }

  /** Forgets what was received. */
  async clear(): Promise<void> {
    await this.file.truncate(0);
    await rm(versionPath(this.path), { force: true });
    this.received = 0;
    this.hash = createHash('sha256');
    this.version = undefined;
  }

  /** Notes which version the bytes that follow belong to. The file must be empty. */
  async begin(version: RemoteVersion): Promise<void> {
    await writeFile(versionPath(this.path), JSON.stringify(version));
    this.version = version;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.write(this.file, chunk, this.received);
    this.hash.update(chunk);
    this.received += chunk.length;
  }

  /** SHA-256 of what was received, 64 hex digits. */
  digest(): string {
    return this.hash.copy().digest('hex');
  }

  /** Flushes to the disk and moves the file to its final name. The handle is closed either way. */
  async publish(finalPath: string): Promise<void> {
    try {
      // A write that was cut off by a full disk may have left bytes past the last whole chunk.
      await this.file.truncate(this.received);
      await this.file.sync();
    } finally {
      await this.close();
    }
    await renameWhenFree(this.path, finalPath);
    await rm(versionPath(this.path), { force: true });
  }

  /** Removes the file and what is known of it. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true, maxRetries: 5 });
    await rm(versionPath(this.path), { force: true, maxRetries: 5 });
  }

  /** Closes the handle and keeps the file. Closing twice is allowed. */
  async close(): Promise<void> {
    await this.file.close();
  }
}

function versionPath(partial: string): string {
  return `${partial}.json`;
}

/** What is written beside the partial file; undefined if that is missing or damaged: then nothing resumes. */
async function readVersion(partial: string): Promise<RemoteVersion | undefined> {
  try {
    return v.parse(versionSchema, JSON.parse(await readFile(versionPath(partial), 'utf8')));
  } catch {
    return undefined;
  }
}

/** On Windows a virus scanner may hold a fresh file for a moment: rename is tried for two seconds. */
async function renameWhenFree(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const busy = ['EPERM', 'EBUSY', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!busy || attempt === 20) throw error;
      await sleep(100);
    }
  }
}
