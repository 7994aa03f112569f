/** Series of numbers by time, as files hold them. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { AttuneError } from '../../errors.js';
import { machineFault } from '../../machine-fault.js';
import { formatBytes } from '../disk.js';
import { parseNpy } from './npy.js';
import type { Series } from './numbers.js';
import { parseSeriesCsv } from './series-csv.js';

/** A longer file is no series of a few thousand steps. */
const MOST_BYTES = 64e6;
/** More channels are no series but a table. */
export const MOST_CHANNELS = 1024;

/** Reads a file by how its name ends, with the SHA-256 of its bytes. Throws AttuneError 'input' naming what is wrong, 'disk'. */
export async function readSeries(
  path: string,
): Promise<{ readonly fileHash: string; readonly series: Series }> {
  const bytes = await readBytes(path);
  const series = extname(path).toLowerCase() === '.npy' ? parseNpy(bytes, path) : parseSeriesCsv(bytes, path);
  const refuse = (what: string, hint: string) => new AttuneError({ code: 'input', what, where: path, hint });
  if (series.values.length === 0) throw refuse('the series has no numbers', 'remove it');
  if (series.channels > MOST_CHANNELS)
    throw refuse(
      `the series has ${series.channels} channels, more than ${MOST_CHANNELS}`,
      'one row is one step of time',
    );
  const at = series.values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw refuse(
      `a number of step ${Math.floor(at / series.channels)} is not finite as float32`,
      'replace or cut it',
    );
  return { fileHash: createHash('sha256').update(bytes).digest('hex'), series };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const refuse = (what: string, cause?: unknown) =>
    new AttuneError({ code: 'input', what, where: path }, { cause });
  try {
    // Non-blocking, as opening a named pipe would wait for a writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await file.stat();
      if (!status.isFile()) throw refuse('this is not a file');
      if (status.size > MOST_BYTES)
        throw refuse(`the file has ${formatBytes(status.size)}, more than ${formatBytes(MOST_BYTES)}`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AttuneError) throw error;
    const fault = machineFault(error, path);
    if (fault !== null) throw fault;
    const { code } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ENOENT' ? 'there is no such series' : `the file cannot be read, ${code}`, error);
  }
}
