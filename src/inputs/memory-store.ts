/** Samples that are small enough to be kept in memory, each file read and parsed once. An input says how a file is parsed. */
import { totalmem } from 'node:os';
import { AttuneError } from '../errors.js';
import { throwIfAborted } from '../interruption.js';
import { formatBytes } from './disk.js';
import { refuseTooManyBad } from './bad-share.js';
import { epochBatches, randomOf } from './batches.js';
import type { EpochOptions } from './epoch.js';
import { type HostArray, type HostSample, type SampleSource, stack } from './host-batch.js';
import type { InputRow } from './input-row.js';
import type { SampleFiles } from './sample-files.js';
import { readSmallFile, type SmallFile } from './small-file.js';
import type { FileSamples, PreparedSample, SampleStore } from './store.js';
import type { SkippedPath } from './walk.js';

/** What a file holds, as its input takes it. */
export interface ParsedFile {
  readonly sample: HostSample;
  /** The file has more than the network sees, and the sample is cut there; default: it has not. */
  readonly isCut?: boolean;
}

/** What an input of small samples says of them; `S` are its settings. */
export interface SmallSamples<S> extends Pick<InputRow<S>, 'files' | 'create'> {
  /** Throws AttuneError 'input' where the bytes are none of its samples. */
  parse(
    bytes: Uint8Array,
    settings: S,
    path: string,
    signal?: AbortSignal | undefined,
  ): ParsedFile | Promise<ParsedFile>;
  /** What is told where `count` samples are cut, more than none; absent where none ever is. */
  cutNote?(count: number, settings: S): string;
}

/** Half of what the machine, or the container it lends, has: networks and batches need the rest. */
function halfOfMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 2;
}

/** The members of an input's row that follow from that; samples take at most `most` bytes together, by default half of the memory. */
export function inMemory<S>(
  kind: SmallSamples<S>,
  most?: number,
): Pick<InputRow<S>, 'files' | 'create' | 'open' | 'openFiles'> {
  return {
    files: kind.files,
    create: kind.create,
    open: async (settings) => openMemoryStore(kind, settings, most ?? halfOfMemory()),
    openFiles: (paths, settings) => openFilesInMemory(kind, paths, settings),
  };
}

function openMemoryStore<S>(kind: SmallSamples<S>, settings: S, most: number): SampleStore {
  const input = kind.create(settings);
  /** By the hash of the file: what is the same is kept once. */
  const kept = new Map<string, HostSample>();
  let bytes = 0;
  const keep = (fileHash: string, sample: HostSample, path: string) => {
    if (kept.has(fileHash)) return;
    for (const array of Object.values(sample)) bytes += array.byteLength;
    if (bytes > most) throw tooMany(kind.files, most, path);
    kept.set(fileHash, sample);
  };
  const sampleAt = (samples: readonly PreparedSample[], index: number) =>
    kept.get(samples[index].fileHash) as HostSample;
  return {
    async prepare(samples, { onProgress, signal }) {
      const paths = [...new Set(samples.map(({ path }) => path))];
      const hashes = new Map<string, string>();
      const reasons = new Map<string, string>();
      let cut = 0;
      for (const [done, path] of paths.entries()) {
        throwIfAborted(signal);
        const read = await readOrReason(kind, path, settings, signal);
        if (typeof read === 'string') reasons.set(path, read);
        else {
          if (read.isCut) cut++;
          hashes.set(path, read.fileHash);
          keep(read.fileHash, read.sample, path);
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
      refuseTooManyBad(skipped, samples.length, kind.files);
      return { prepared, skipped, note: noteOf(kind, cut, settings) };
    },
    source: (samples): SampleSource => ({
      count: samples.length,
      read: async (index) => sampleAt(samples, index),
    }),
    training(samples) {
      const labels = samples.map(({ label }) => label);
      async function* batches(options: EpochOptions) {
        const { startBatch = 0, spare = [] } = options;
        for (const [batch, indices] of epochBatches(labels, options).entries()) {
          if (batch < startBatch) continue;
          const members = Array.from(indices, (index) => sampleAt(samples, index));
          const rows = stack(members, (like, length) => takeSpare(spare, like, length));
          yield { ...rows, indices: indices.slice(), samples: randomOf(indices, batch, options), batch };
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

function tooMany({ many }: SampleFiles, most: number, path: string): AttuneError {
  return new AttuneError({
    code: 'data',
    what: `the ${many} up to this one take more than ${formatBytes(most)} of memory, half of what there is`,
    where: path,
    hint: `train on fewer or smaller ${many}`,
  });
}

/** An array of a former batch of the same type and length, which it is taken out of; undefined: there is none. */
function takeSpare(spare: HostArray[], like: HostArray, length: number): HostArray | undefined {
  const at = spare.findIndex((array) => array.constructor === like.constructor && array.length === length);
  return at < 0 ? undefined : spare.splice(at, 1)[0];
}

/** A file as the network takes it; the reason where it cannot be read. */
async function readOrReason<S>(
  kind: SmallSamples<S>,
  path: string,
  settings: S,
  signal?: AbortSignal | undefined,
): Promise<(ParsedFile & Pick<SmallFile, 'fileHash'>) | string> {
  try {
    const { bytes, fileHash } = await readSmallFile(path, kind.files);
    return { ...(await kind.parse(bytes, settings, path, signal)), fileHash };
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'input') return error.what;
    throw error;
  }
}

/** What is said where samples are cut; null where none is. */
function noteOf<S>({ cutNote }: SmallSamples<S>, cut: number, settings: S): string | null {
  return cut === 0 ? null : (cutNote?.(cut, settings) ?? null);
}

/** Samples that nobody has prepared, read when they are asked for. In place of one that cannot be read stands a blank one. */
function openFilesInMemory<S>(kind: SmallSamples<S>, paths: readonly string[], settings: S): FileSamples {
  const errors = new Map<string, string>();
  const cut = new Set<number>();
  return {
    count: paths.length,
    errors,
    note: () => noteOf(kind, cut.size, settings),
    async read(index) {
      const read = await readOrReason(kind, paths[index], settings);
      if (typeof read !== 'string') {
        if (read.isCut) cut.add(index);
        return read.sample;
      }
      errors.set(paths[index], read);
      return kind.create(settings).blank(1).arrays;
    },
    async close() {},
  };
}
