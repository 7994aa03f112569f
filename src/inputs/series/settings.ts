/** How series become the input of a network: one length, and numbers of about the same size in every channel. */
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import { throwIfAborted } from '../../interruption.js';
import type { Beginning } from '../input-row.js';
import { MOST_CHANNELS, type Series } from './numbers.js';
import { readSeries } from './series.js';

/** How series of numbers by time become the input of a network. */
export interface SeriesSettings {
  /** Steps that the network sees: shorter series are filled with the mean at their end, longer ones cut there. */
  readonly length: number;
  readonly channels: number;
  /** By channel: what is taken away from each number, and what the rest is divided by. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Steps of the longest series that is seen whole. */
const MOST_STEPS = 16_384;

const whole = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const schema = v.pipe(
  v.strictObject({
    length: whole(MOST_STEPS),
    channels: whole(MOST_CHANNELS),
    mean: v.array(v.pipe(v.number(), v.finite())),
    std: v.array(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  }),
  v.check(
    ({ channels, mean, std }) => mean.length === channels && std.length === channels,
    'not one for each channel',
  ),
);

/** Checks settings of a file that may hold anything. Throws AttuneError 'input' naming `where`. */
export function parseSeriesSettings(settings: unknown, where: string): SeriesSettings {
  const parsed = v.safeParse(schema, settings);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new AttuneError({
    code: 'input',
    what: `the settings of series are wrong at ${v.getDotPath(issue) ?? 'the number of channels'}`,
    where,
    hint: 'use a file that attune wrote',
  });
}

/**
 * Measures the settings of the series that are to be learnt: the length of the longest, and mean and deviation of each
 * channel over all steps of all, by Welford's method. Throws AttuneError 'usage' where there are none, 'data' where two have
 * not as many channels, or none can be read.
 */
export async function measureSeries({ network, samples, signal }: Beginning): Promise<SeriesSettings> {
  if (samples === null) {
    throw new AttuneError({
      code: 'usage',
      what: `${network.name} takes series, whose length and channels are measured when it is trained`,
      where: '--model',
      hint: 'train one first: attune finetune, with a folder of series',
    });
  }
  let first: { readonly path: string; readonly channels: number } | null = null;
  let length = 1;
  const moments: Moments[] = [];
  for (const path of samples) {
    throwIfAborted(signal);
    const series = await readable(path, signal);
    if (series === null) continue;
    first ??= { path, channels: series.channels };
    if (series.channels !== first.channels) {
      throw new AttuneError({
        code: 'data',
        what: `the series has ${series.channels} channels, and ${first.path} has ${first.channels}`,
        where: path,
        hint: 'give all series the same channels',
      });
    }
    length = Math.max(length, Math.min(series.steps, MOST_STEPS));
    add(moments, series);
  }
  if (first === null) {
    const what = `none of the ${samples.length} training series can be read`;
    throw new AttuneError({
      code: 'data',
      what,
      where: samples[0],
      hint: 'look at the first with another program',
    });
  }
  const std = moments.map(({ count, squares }) => Math.sqrt(squares / count));
  return {
    length,
    channels: first.channels,
    mean: moments.map(({ mean }) => mean),
    std: std.map((deviation) => (deviation > 0 ? deviation : 1)),
  };
}

/** Null for a file that cannot be read, which is named when samples are prepared. */
async function readable(path: string, signal: AbortSignal | undefined): Promise<Series | null> {
  try {
    return await readSeries(path, signal);
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'input') return null;
    throw error;
  }
}

interface Moments {
  count: number;
  mean: number;
  /** The sum of squared distances from the mean. */
  squares: number;
}

function add(moments: Moments[], { channels, values }: Series): void {
  while (moments.length < channels) moments.push({ count: 0, mean: 0, squares: 0 });
  for (const [i, value] of values.entries()) {
    const moment = moments[i % channels];
    const distance = value - moment.mean;
    moment.count++;
    moment.mean += distance / moment.count;
    moment.squares += distance * (value - moment.mean);
  }
}

/** A series as the network takes it, [length, channels], standardised. Throws AttuneError 'input' for other channels. */
export function toInput(series: Series, settings: SeriesSettings, path: string): Float32Array {
  const { length, channels, mean, std } = settings;
  if (series.channels !== channels) {
    const what = `the series has ${series.channels} channels, and the network takes ${channels}`;
    throw new AttuneError({ code: 'input', what, where: path, hint: 'give all series the same channels' });
  }
  // What is not there stays 0, the mean.
  const result = new Float32Array(length * channels);
  const count = Math.min(series.steps, length) * channels;
  for (let i = 0; i < count; i++) result[i] = (series.values[i] - mean[i % channels]) / std[i % channels];
  return result;
}
