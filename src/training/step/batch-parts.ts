/** A batch as the parts that are computed at once, with all that a step needs of each. */
import type { TrainingBatch } from '../../inputs/index.js';
import { type BatchChanges, withPartner } from '../../methods/index.js';
import type { Targets } from '../../tasks/index.js';
import type { MicroBatch } from './training-step.js';

export interface BatchPartsOptions {
  /** The targets of the batch's images, in their order. */
  readonly targets: Targets;
  /** By the place of an image in the data set. */
  readonly imageWeights: ArrayLike<number>;
  /** Where each part begins and ends. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
  /** What methods do to the batch. */
  readonly changes: BatchChanges;
}

/** The micro-batches of a batch. Weights divide by their sum over the whole batch, as PyTorch's mean does. */
export function batchParts(batch: TrainingBatch, options: BatchPartsOptions): MicroBatch[] {
  const { targets, imageWeights, ranges, changes } = options;
  const { mix, erased } = changes;
  const { images, indices, steps } = batch;
  const size = indices.length;
  const weights = Float32Array.from(indices, (index) => imageWeights[index]);
  const total = weights.reduce((running, weight) => running + weight, 0);
  const sharesOf = (part: Float32Array, share: number) => part.map((weight) => (share * weight) / total);
  return ranges.map(([start, end]) => {
    const rowsOf = <T extends Uint8Array | Targets>(all: T) => {
      const width = all.length / size;
      return (
        mix === undefined ? all.subarray(start * width, end * width) : withPartner(all, start, end, width)
      ) as T;
    };
    const partner = mix === undefined ? [] : [steps.at(start - 1) as TrainingBatch['steps'][number]];
    const part = {
      images: rowsOf(images),
      targets: rowsOf(targets),
      steps: [...partner, ...steps.slice(start, end)],
      ...(erased !== undefined && { erased: rowsOf(erased) }),
    };
    const own = weights.subarray(start, end);
    if (mix === undefined) return { shares: sharesOf(own, 1), ...part };
    return {
      shares: sharesOf(own, 1 - mix.lossShare),
      mix: { partnerShares: sharesOf(rowsOf(weights).subarray(0, -1), mix.lossShare), ...mix },
      ...part,
    };
  });
}
