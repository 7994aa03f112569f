/** What holds the samples of a run: prepared once, read by index, and varied for training. */
import type { DiskSpace } from './disk.js';
import type { TrainingSamples } from './epoch.js';
import type { SampleSource } from './host-batch.js';
import type { LabelledSample } from './labelled.js';
import type { SkippedPath } from './walk.js';

/** A sample that can be read, together with the SHA-256 of its file: its key in every cache. */
export type PreparedSample<Sample extends { readonly path: string } = LabelledSample> = Sample & {
  readonly fileHash: string;
};

export interface PrepareProgress {
  /** Each file is hashed; then those are decoded that the cache lacks. */
  readonly stage: 'hash' | 'decode';
  readonly done: number;
  readonly total: number;
}

export interface PrepareHooks {
  /** Paths of the samples that training varies. */
  readonly trained?: ReadonlySet<string> | undefined;
  readonly onProgress?: ((progress: PrepareProgress) => void) | undefined;
  /** Told what will be written, before it is. */
  readonly onDiskSpace?: ((space: DiskSpace) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How the samples of an epoch are varied, as a recipe says it. */
export interface Variation {
  readonly augment: string;
  readonly cropScale: number;
}

export interface StoreOptions {
  /** Threads; undefined: as many as there are processors, up to a limit. */
  readonly workers?: number | undefined;
  /** Null: nothing is trained by the samples. */
  readonly variation: Variation | null;
}

/** When a thread of the pool was at work. */
export interface TaskTime {
  readonly kind: string;
  readonly path: string;
  /** The thread's number, from 0: threads that are busy at the same time have different ones. */
  readonly lane: number;
  /** By `performance.now()`, in milliseconds. */
  readonly begin: number;
  readonly end: number;
}

/** Samples of files that nobody has prepared. In place of one that cannot be read stands one that says nothing. */
export interface FileSamples extends SampleSource {
  /** Why files cannot be read, by their paths; known once they were asked for. */
  readonly errors: ReadonlyMap<string, string>;
  /** What else became of those that were read; null: nothing. */
  note(): string | null;
  close(): Promise<void>;
}

export interface SampleStore {
  /**
   * Finds the samples that can be read, in their order. Throws AttuneError 'data' where too many cannot be, 'disk',
   * 'interrupted' on the signal.
   */
  prepare<Sample extends { readonly path: string }>(
    samples: readonly Sample[],
    hooks: PrepareHooks,
  ): Promise<{
    readonly prepared: PreparedSample<Sample>[];
    readonly skipped: SkippedPath[];
    /** What else became of them; null or absent: nothing. */
    readonly note?: string | null;
  }>;
  /** Prepared samples as evaluation sees them; `isTrained`: they are those that training varies. */
  source(samples: readonly PreparedSample[], isTrained?: boolean): SampleSource;
  /** Prepared samples as training sees them. */
  training(samples: readonly PreparedSample[]): TrainingSamples<PreparedSample>;
  /** Where what is prepared is kept. */
  readonly folder: string;
  /** `observer` is told of the work of the threads. */
  observe(observer: (time: TaskTime) => void): void;
  close(): Promise<void>;
}
