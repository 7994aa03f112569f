/** Training samples, and the batches of an epoch over them. */
import type { HostArray, HostBatch } from './host-batch.js';
import type { Input } from './input.js';
import type { Sample } from './random.js';
import type { Sampling } from './sampling.js';

/** Which batches of which epoch. */
export interface EpochOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
  /** How often samples of rare classes come up (sampling.ts); default 'shuffled': every sample once. */
  readonly sampling?: Sampling | undefined;
  /** The first batch, to go on inside an epoch; default 0. */
  readonly startBatch?: number | undefined;
  /** Lets a last batch of one sample join the batch before it; default false. */
  readonly joinSingle?: boolean | undefined;
  /** How many batches are prepared while one is used; default 2. */
  readonly ahead?: number | undefined;
  /** Arrays of former batches that nobody needs any more: one of the same length is overwritten and taken out. */
  readonly spare?: HostArray[] | undefined;
}

/** A batch of training samples, varied as the epoch has it. */
export interface EpochBatch extends HostBatch {
  /** Where each sample stands in the data set. */
  readonly indices: Uint32Array;
  /** What the random numbers of each sample depend on. */
  readonly samples: readonly Sample[];
  /** Number of this batch in the epoch, from 0. */
  readonly batch: number;
}

/** What training reads; `Known` is what is known of a sample. */
export interface TrainingSamples<Known> {
  readonly input: Input;
  readonly images: readonly Known[];
  /** Threads that prepare batches. */
  readonly workers: number;
  /** The batches of an epoch. Leaving the loop early ends what is being prepared. */
  batches(options: EpochOptions): AsyncGenerator<EpochBatch, void, undefined>;
  /** A batch that says nothing and is varied as any other, for the plan of a step. */
  blank(size: number): HostBatch;
}
