/** What is read of a file of series. */
import { AttuneError } from '../../errors.js';

/** Numbers by time: `values` [steps, channels], row-major. */
export interface Series {
  readonly steps: number;
  readonly channels: number;
  readonly values: Float32Array;
}

/** More channels are no series but a table. */
export const MOST_CHANNELS = 1024;

export function tooManyChannels(channels: number, where: string): AttuneError {
  return new AttuneError({
    code: 'input',
    what: `the series has ${channels} channels, more than ${MOST_CHANNELS}`,
    where,
    hint: 'one row is one step of time',
  });
}
