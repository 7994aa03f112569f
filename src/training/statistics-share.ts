/**
 * How much of the stored statistics of batch norm is left when a run ends. Each pass over a micro-batch replaces the share
 * `momentum` of the running statistics, so after n of them (1 - momentum)^n is left: at PyTorch's 0.1 less than a
 * thousandth after 66, at the 0.001 of Keras's MobileNetV2 nine tenths after a hundred.
 */
import { maxOf } from '../extremes.js';
import { BatchNorm2d, type Module } from '../nn/index.js';

/** Up to this share the running statistics have become those of batches. */
export const FOLLOWED = 0.05;

/** The share in the slowest batch norm that is trained with the statistics of batches; 0 where there is none. */
export function statisticsShare(
  model: Module,
  images: number,
  { micro_batch, epochs }: { readonly micro_batch: number; readonly epochs: number },
): number {
  const passes = epochs * Math.ceil(images / micro_batch);
  const shares = Array.from(model.modules(), (module) =>
    module instanceof BatchNorm2d && module.mode === 'train' ? (1 - module.momentum) ** passes : 0,
  );
  return maxOf(shares, 0);
}
