/** Series as training and evaluation read them: small enough to be kept in memory, parsed once. */
import { throwIfAborted } from '../../interruption.js';
import { AttuneError } from '../../errors.js';
import { counted } from '../../text.js';
import { refuseTooManyBad } from '../bad-share.js';
import { epochBatches, randomOf } from '../batches.js';
import type { EpochBatch, EpochOptions, TrainingSamples } from '../epoch.js';
import { type HostArray, type SampleSource, stack } from '../host-batch.js';
import type { FileSamples, PreparedSample, SampleStore } from '../store.js';
import type { SkippedPath } from '../walk.js';
import { seriesInput } from './input.js';
import { readSeries } from './series.js';
import { SERIES_FILES } from './series-files.js';
import { type SeriesSettings, toInput } from './settings.js';

/** Opens an empty store. */
export async function openSeriesStore(settings: SeriesSettings): Promise<SampleStore> {
  const input = seriesInput(settings);
  /** By the hash of the file: what is the same is kept once. */
  const kept = new Map<string, Float32Array>();
  const sampleAt = (samples: readonly PreparedSample[], index: number) => ({
    series: kept.get(samples[index].fileHash) as Float32Array,
  });
  return {
    async prepare(samples, { onProgress, signal }) {
      const paths = [...new Set(samples.map(({ path }) => path))];
      const hashes = new Map<string, string>();
      const reasons = new Map<string, string>();
      let cut = 0;
      for (const [done, path] of paths.entries()) {
        throwIfAborted(signal);
        const read = await readOrReason(path, settings, signal);
        if (typeof read === 'string') reasons.set(path, read);
        else {
          if (read.isCut) cut++;
          hashes.set(path, read.fileHash);
          kept.set(read.fileHash, read.values);
        }
        onProgress?.({ stage: 'decode', done: done + 1, total: paths.length });
      }
      const prepared = samples.flatMap((sample) => {
        const fileHash = hashes.get(sample.path);
        return fileHash === undefined ? [] : [{ ...sample, fileHash }];
      });
      const skipped: SkippedPath[] = samples.flatMap(({ path }) => {
        const reason = reasons.get(path);
        return reason === undefined ? [] : [{ path, reason }];
      });
      refuseTooManyBad(skipped, samples.length, SERIES_FILES);
      return { prepared, skipped, note: cutText(cut, settings) };
    },
    source: (samples): SampleSource => ({
      count: samples.length,
      read: async (index) => sampleAt(samples, index),
    }),
    training(samples): TrainingSamples<PreparedSample> {
      const labels = samples.map(({ label }) => label);
      async function* batches(options: EpochOptions): AsyncGenerator<EpochBatch, void, undefined> {
        const { startBatch = 0, spare = [] } = options;
        for (const [batch, indices] of epochBatches(labels, options).entries()) {
          if (batch < startBatch) continue;
          const all = takeSpare(spare, indices.length * input.shape[1] * input.shape[2]);
          const rows = stack(Array.from(indices, (index) => sampleAt(samples, index)));
          all.set(rows.arrays.series);
          const drawn = randomOf(indices, batch, options);
          yield {
            size: indices.length,
            arrays: { series: all },
            indices: indices.slice(),
            samples: drawn,
            batch,
          };
        }
      }
      return { input, images: samples, workers: 0, batches, blank: input.blank };
    },
    folder: '',
    observe() {},
    async close() {
      kept.clear();
    },
  };
}

function takeSpare(spare: HostArray[], length: number): Float32Array {
  const at = spare.findIndex((array) => array instanceof Float32Array && array.length === length);
  return at < 0 ? new Float32Array(length) : (spare.splice(at, 1)[0] as Float32Array);
}

/** A file as the network takes it; the reason where it cannot be read. */
async function readOrReason(
  path: string,
  settings: SeriesSettings,
  signal?: AbortSignal | undefined,
): Promise<{ readonly fileHash: string; readonly values: Float32Array; readonly isCut: boolean } | string> {
  try {
    const { fileHash, series } = await readSeries(path, signal);
    const isCut = series.steps > settings.length;
    return { fileHash, values: toInput(series, settings, path), isCut };
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'input') return error.what;
    throw error;
  }
}

/** What is said where series are longer than the network sees; null where none is. */
function cutText(count: number, { length }: SeriesSettings): string | null {
  if (count === 0) return null;
  const them = count === 1 ? 'is cut there' : 'are cut there';
  return `Note: ${counted(count, 'series has', 'series have')} more than the ${length} steps that the network sees, and ${them}.`;
}

/** Series that nobody has prepared, read when they are asked for. In place of one that cannot be read stands the mean. */
export function openSeriesFiles(paths: readonly string[], settings: SeriesSettings): FileSamples {
  const errors = new Map<string, string>();
  const cut = new Set<number>();
  return {
    count: paths.length,
    errors,
    note: () => cutText(cut.size, settings),
    async read(index) {
      const read = await readOrReason(paths[index], settings);
      if (typeof read !== 'string') {
        if (read.isCut) cut.add(index);
        return { series: read.values };
      }
      errors.set(paths[index], read);
      return { series: new Float32Array(settings.length * settings.channels) };
    },
    async close() {},
  };
}
