/** The batches of the last steps: a step that failed names its images, and the images of one that has ended are free. */
import type { EpochBatch, HostArray } from '../../inputs/index.js';
import { ShortList } from '../../short-list.js';

/** So many steps are known by their batches; all but the last of them have ended. */
const REMEMBERED = 4;

export class RecentBatches {
  private readonly steps = new ShortList<{ readonly step: number; readonly batch: EpochBatch }>();
  /** Arrays of the steps before those, for the batches that come: new ones would pile up between collections of garbage. */
  readonly spare: HostArray[] = [];

  get(step: number): EpochBatch | undefined {
    return [...this.steps].find((recent) => recent.step === step)?.batch;
  }

  /** Adds the batch of a step; steps come in their order. */
  add(step: number, batch: EpochBatch): void {
    this.steps.add({ step, batch });
    const old = this.steps.take((recent) => recent.step === step - REMEMBERED);
    if (old === undefined) return;
    const arrays = Object.values(old.batch.arrays);
    for (const array of arrays) this.spare.push(array);
    while (this.spare.length > REMEMBERED * arrays.length) this.spare.shift(); // of another length than all that came since
  }
}
