/** Running statistics of batch norms that change by forward passes alone, without an optimiser. */
import { AttuneError } from '../errors.js';
import type { Module } from './module.js';

/**
 * Records, behind one or more passes that train, that the running statistics which they noted become true: what an
 * optimiser's step does as well, without changing a weight. One program that records a pass and this is PyTorch's
 * `model.train(); model(x)`:
 *
 *     await device.run(() => {
 *       model.forward(x, { random });
 *       updateStatistics(model);
 *     });
 *
 * With `{ random, momentum: 1 / n }` in the n-th of several such programs they become the mean over all batches, as by
 * torch.optim.swa_utils.update_bn. Layers whose mode is 'frozen', or whose scale is frozen, keep their statistics.
 * Where a statistic is not finite nothing is changed, and the next read of the device throws AttuneError 'numeric'.
 * `model` is the one that was moved to the device, or a part of it: statistics of the whole model are meant.
 *
 * Throws AttuneError 'program' when the model is on no device, and when no pass has noted statistics since it was laid
 * out there.
 */
export function updateStatistics(model: Module): void {
  const { memory } = model;
  if (!memory.statisticsChange) {
    throw new AttuneError({
      code: 'program',
      what: 'there are no batch statistics to update from',
      hint: "record a pass that trains before: give forward { random }, and set a batch norm's mode to 'train'",
    });
  }
  memory.commitStatistics();
}
