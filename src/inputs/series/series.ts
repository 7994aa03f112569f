/** Series of numbers by time, as files hold them. */
import { extname } from 'node:path';
import { AttuneError } from '../../errors.js';
import { Pauses } from '../../pauses.js';
import { readSmallFile } from '../small-file.js';
import { parseNpy } from './npy.js';
import type { Series } from './numbers.js';
import { parseSeriesCsv } from './series-csv.js';
import { SERIES_FILES } from './series-files.js';

/** Reads a file. Throws AttuneError 'input' naming what is wrong, 'disk', and 'interrupted' on the signal. */
export async function readSeries(path: string, signal?: AbortSignal | undefined): Promise<Series> {
  const { bytes } = await readSmallFile(path, SERIES_FILES);
  return parseSeries(bytes, path, signal);
}

/** The series in the bytes of a file, by how its name ends. Throws AttuneError 'input', and 'interrupted' on the signal. */
export async function parseSeries(
  bytes: Uint8Array,
  path: string,
  signal?: AbortSignal | undefined,
): Promise<Series> {
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
  return series;
}
