/** The file of a sample that is small enough to be kept in memory. */
import { createHash } from 'node:crypto';
import { AttuneError } from '../errors.js';
import { formatBytes } from './disk.js';
import type { SampleFiles } from './sample-files.js';
import { readWhole } from './whole-file.js';

const MOST_BYTES = 64e6;

export interface SmallFile {
  readonly bytes: Uint8Array;
  /** The SHA-256 of the bytes. */
  readonly fileHash: string;
}

/** Reads a file of at most 64 MB. Throws AttuneError 'input' naming what is wrong, and 'disk'. */
export async function readSmallFile(path: string, { one }: Pick<SampleFiles, 'one'>): Promise<SmallFile> {
  const bytes = await readWhole(path, {
    sample: one,
    file: 'file',
    refuseSize: (size) =>
      size > MOST_BYTES ? `the file has ${formatBytes(size)}, more than ${formatBytes(MOST_BYTES)}` : null,
    unreadable: (what, where, cause) => new AttuneError({ code: 'input', what, where }, { cause }),
  });
  // Parts of a Buffer are Buffers, and arrays of a sample are of the types that batches have.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes: plain, fileHash: createHash('sha256').update(bytes).digest('hex') };
}
