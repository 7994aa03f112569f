/** Spoils the images of training steps at the very moment when they are free to be overwritten. */
import type { TrainingBatch } from '#src/inputs/index';
import { RecentBatches } from '#src/training/step/recent-batches';

/** What no picture is made of. */
const POISON = 0xa5;

/** Does `work` with poisoned images; returns how many batches of them there were. */
export async function poisoned(work: () => Promise<void>): Promise<number> {
  const { add } = RecentBatches.prototype;
  let count = 0;
  RecentBatches.prototype.add = function (this: RecentBatches, step: number, batch: TrainingBatch) {
    add.call(this, step, batch);
    for (const images of this.spare) images.fill(POISON);
    count += this.spare.length;
  };
  try {
    await work();
  } finally {
    RecentBatches.prototype.add = add;
  }
  return count;
}
