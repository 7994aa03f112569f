/** How an epoch is cut into batches, and a batch into micro-batches. */
import { maxOf } from '../../extremes.js';
import { batchCount } from '../../inputs/index.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { FrozenChoices } from '../../runs/run-state.js';

/** Updates of the weights in one epoch over so many images. */
export function batchesPerEpoch(
  images: number,
  { batch_size }: Recipe,
  { batch_norm }: Pick<FrozenChoices, 'batch_norm'>,
): number {
  return batchCount(images, batch_size, joinsSingle(batch_norm));
}

/** Batch norm has no variance over a single image. */
export function joinsSingle(batchNorm: FrozenChoices['batch_norm']): boolean {
  return batchNorm === 'train';
}

/** The micro-batches of a batch as ranges; `joinSingle` puts a last one of one image to the one before it. */
export function microBatchRanges(
  size: number,
  micro: number,
  joinSingle: boolean,
): (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (let start = 0; start < size; start += micro) ranges.push([start, Math.min(size, start + micro)]);
  const last = ranges.at(-1);
  if (joinSingle && ranges.length > 1 && last !== undefined && last[1] - last[0] === 1) {
    ranges.pop();
    (ranges.at(-1) as [number, number])[1] = size;
  }
  return ranges;
}

/** Images of the largest micro-batch of an epoch: one more than `micro` where a last one joins, fewer where there are no more. */
export function largestMicroBatch(
  images: number,
  batchSize: number,
  micro: number,
  joinSingle: boolean,
): number {
  const batches = batchCount(images, batchSize, joinSingle);
  const last = images - (batches - 1) * batchSize;
  const ranges = (batches > 1 ? [batchSize, last] : [last]).flatMap((size) =>
    microBatchRanges(size, micro, joinSingle),
  );
  return maxOf(ranges.map(([start, end]) => end - start));
}
