/** Series of numbers by time, as files hold them. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { AttuneError } from '../../errors.js';
import { Pauses } from '../../pauses.js';
import { formatBytes } from '../disk.js';
import { parseNpy } from './npy.js';
import { readWhole } from '../whole-file.js';
import type { Series } from './numbers.js';
import { parseSeriesCsv } from './series-csv.js';

/** A longer file is no series of a few thousand steps. */
const MOST_BYTES = 64e6;

/**
 * Reads a file by how its name ends, with the SHA-256 of its bytes. Throws AttuneError 'input' naming what is wrong, 'disk',
 * and 'interrupted' on the signal.
 */
export async function readSeries(
  path: string,
  signal?: AbortSignal | undefined,
): Promise<{ readonly fileHash: string; readonly series: Series }> {
  const bytes = await readWhole(path, {
    sample: 'series',
    file: 'file',
    refuseSize: (size) =>
      size > MOST_BYTES ? `the file has ${formatBytes(size)}, more than ${formatBytes(MOST_BYTES)}` : null,
    unreadable: (what, where, cause) => new AttuneError({ code: 'input', what, where }, { cause }),
  });
  const isNpy = extname(path).toLowerCase() === '.npy';
  const series = isNpy ? parseNpy(bytes, path) : await parseSeriesCsv(bytes, path, new Pauses(signal));
  const refuse = (what: string, hint: string) => new AttuneError({ code: 'input', what, where: path, hint });
  if (series.values.length === 0) throw refuse('the series has no numbers', 'remove it');
  const at = series.values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw refuse(
      `a number of step ${Math.floor(at / series.channels)} is not finite as float32`,
      'replace or cut it',
    );
  return { fileHash: createHash('sha256').update(bytes).digest('hex'), series };
}
