/** What a profile has seen. */
import type { ImagePool } from '../../inputs/index.js';
import type { Device, ObservedRun } from '../../program/device.js';

export type LoaderWork = Parameters<Parameters<ImagePool['observe']>[0]>[0];

/** What this thread was busy with, or waited for. */
export type HostWork = 'wait for data' | 'record step' | 'wait for device';

export interface HostSpan {
  readonly name: HostWork;
  readonly begin: number;
  readonly end: number;
}

/** Everything that was seen. Times are milliseconds by `performance.now()`. */
export interface Recorded {
  readonly device: Device;
  readonly host: readonly HostSpan[];
  readonly loader: readonly LoaderWork[];
  /** How many threads the loader has. */
  readonly loaderThreads: number;
  readonly runs: readonly ObservedRun[];
  /** When it began, and when each step was finished. */
  readonly began: number;
  readonly steps: readonly number[];
  /** How many of the steps do not count. */
  readonly warmUp: number;
}
