/** Which samples are in which batch of an epoch: the same for every input. */
import { AttuneError } from '../errors.js';
import type { EpochOptions } from './epoch.js';
import type { Sample } from './random.js';
import { epochOrder } from './sampling.js';

interface BatchOptions {
  readonly batchSize: number;
  /** Leaves out a last batch that is not full; default false. */
  readonly dropLast?: boolean | undefined;
  /** Lets a last batch of one sample join the batch before it; default false. */
  readonly joinSingle?: boolean | undefined;
}

/** The indices of an epoch, batch by batch. */
export function cutIntoBatches(
  order: Uint32Array,
  { batchSize, dropLast = false, joinSingle = false }: BatchOptions,
): Uint32Array[] {
  const { length } = order;
  const count = batchCount(length, batchSize, joinSingle);
  const batches = Array.from({ length: count }, (_, batch) => {
    const start = batch * batchSize;
    return order.subarray(start, batch === count - 1 ? length : start + batchSize);
  });
  if (dropLast && count > 0 && batches[count - 1].length < batchSize) batches.pop();
  return batches;
}

/**
 * How many batches an epoch has.
 * @param joinSingle a last batch of one sample joins the batch before it
 * @throws AttuneError 'usage' if the batch size is not a positive integer
 */
export function batchCount(length: number, batchSize: number, joinSingle = false): number {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new AttuneError({
      code: 'usage',
      what: `the batch size must be a positive integer, not ${batchSize}`,
      where: '--batch-size',
    });
  }
  const full = Math.floor(length / batchSize);
  const rest = length % batchSize;
  const joined = joinSingle && rest === 1 && full > 0;
  return rest > 0 && !joined ? full + 1 : full;
}

/**
 * The indices of a training epoch, batch by batch, of samples with these class indices. Throws AttuneError 'usage' if the
 * batch size is not a positive integer.
 */
export function epochBatches(labels: readonly number[], options: EpochOptions): Uint32Array[] {
  const { batchSize, seed, epoch, sampling = 'shuffled', joinSingle } = options;
  return cutIntoBatches(epochOrder(labels, { sampling, seed, epoch }), { batchSize, joinSingle });
}

/** What the random numbers of each sample of a batch depend on. */
export function randomOf(
  indices: Uint32Array,
  batch: number,
  { batchSize, seed, epoch, sampling }: EpochOptions,
): Sample[] {
  // What comes up several times in an epoch is varied each time, by its place.
  return Array.from(indices, (index, position) => ({
    seed,
    epoch,
    index: sampling === 'balanced' ? batch * batchSize + position : index,
  }));
}
