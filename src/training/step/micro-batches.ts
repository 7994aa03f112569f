/** A batch as the micro-batches that are computed at once, with all that a step needs of each. */
import { type EpochBatch, type HostBatch, rowsOf, takeRows } from '../../inputs/index.js';
import type { BatchChanges, BatchMix } from '../../methods/index.js';
import type { Targets } from '../../tasks/index.js';

/** Part of a batch, computed at once. */
export interface MicroBatch extends HostBatch {
  /** The targets of each row. */
  readonly targets: Targets;
  /** [n]: each sample's share in the batch's mean loss. */
  readonly shares: Float32Array;
  /**
   * Absent: n rows, each a sample as it is. Else n + 1 rows: row i + 1 is sample i, row i its partner; `shares` has n.
   */
  readonly mix?: BatchMix & {
    /** [n]: the share of each partner's label in the batch's mean loss. */
    readonly partnerShares: Float32Array;
  };
}

export interface MicroBatchesOptions {
  /** The targets of the batch's images, in their order. */
  readonly targets: Targets;
  /** By the place of an image in the data set. */
  readonly imageWeights: ArrayLike<number>;
  /** Where each micro-batch begins and ends. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
  /** What methods do to the batch. */
  readonly changes: BatchChanges;
}

/** The micro-batches of a batch. Weights divide by their sum over the whole batch, as PyTorch's mean does. */
export function microBatchesOf(batch: EpochBatch, options: MicroBatchesOptions): MicroBatch[] {
  const { targets, imageWeights, ranges, changes } = options;
  const { mix, arrays } = changes;
  const { size, indices } = batch;
  const changed = { ...batch, arrays: { ...batch.arrays, ...arrays } };
  const isMixed = mix !== undefined;
  const weights = Float32Array.from(indices, (index) => imageWeights[index]);
  const total = weights.reduce((running, weight) => running + weight, 0);
  const sharesOf = (some: Float32Array, share: number) => some.map((weight) => (share * weight) / total);
  return ranges.map(([start, end]) => {
    const rows = <T extends Targets>(all: T) => takeRows(all, size, start, end, isMixed);
    const micro = { ...rowsOf(changed, start, end, isMixed), targets: rows(targets) };
    const own = weights.subarray(start, end);
    if (!isMixed) return { ...micro, shares: sharesOf(own, 1) };
    return {
      ...micro,
      shares: sharesOf(own, 1 - mix.lossShare),
      mix: { partnerShares: sharesOf(rows(weights).subarray(0, -1), mix.lossShare), ...mix },
    };
  });
}
