/** The file of a sample, read as a whole. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { AttuneError } from '../errors.js';
import { machineFault } from '../machine-fault.js';
import { isNotUtf8, NOT_UTF8 } from './name-encoding.js';

/** What a kind of file is called, and what is wrong with one of so many bytes; null: nothing. */
export interface WholeFile {
  /** `image`. */
  readonly sample: string;
  /** `image file`. */
  readonly file: string;
  refuseSize(bytes: number): string | null;
  /** The error of a file that cannot be read. */
  unreadable(what: string, path: string, cause?: unknown): AttuneError;
}

/**
 * Reads a file. Throws `unreadable` if it is missing, not a regular file, of a size that is refused, or cannot be read;
 * AttuneError 'disk' where the machine is at fault.
 */
export async function readWhole(
  path: string,
  { sample, file: called, refuseSize, unreadable }: WholeFile,
): Promise<Uint8Array> {
  try {
    // Non-blocking, because opening a named pipe would otherwise wait for a writer forever.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await file.stat();
      if (!status.isFile()) throw unreadable('this is not a file', path);
      const refused = refuseSize(status.size);
      if (refused !== null) throw unreadable(refused, path);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AttuneError) throw error;
    const fault = machineFault(error, path);
    if (fault !== null) throw fault;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw unreadable(isNotUtf8(path) ? NOT_UTF8 : `there is no such ${sample}`, path, error);
    if (code === 'EISDIR') throw unreadable('this is not a file', path, error);
    throw unreadable(`the ${called} cannot be read, ${code ?? String(error)}`, path, error);
  }
}
