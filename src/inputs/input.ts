/**
 * What a sample is. Everything in which one kind of input differs from another is behind this interface, as the kinds of
 * answers are behind that of tasks; a row of the table (index.ts) makes one of its settings.
 */
import type { NetworkInput } from '../nn/index.js';
import type { Tensor } from '../tensor/tensor.js';
import type { HostBatch, HostSample } from './host-batch.js';
import type { RgbImage } from './picture.js';

/** An input with its settings: how samples of a network look. */
export interface Input {
  /** Tells the settings apart, in the keys of caches. */
  readonly key: Readonly<Record<string, unknown>>;
  /** The shape of one sample in the network's input; of an image [side, side, 3]. */
  readonly shape: readonly number[];
  /** A batch of samples that say nothing, for the plan of a step. */
  blank(size: number): HostBatch;
  /** Samples of a source as one batch. */
  batch(samples: readonly HostSample[]): HostBatch;
  /** Records what the network sees of a batch: a tensor [size, ...shape], or several by name. */
  record(batch: HostBatch): NetworkInput<Tensor>;
  /** A sample as a person sees it. */
  picture(sample: HostSample): RgbImage;
  /** What the network sees of one, `values` of the input's shape; null where its tensors say nothing to people. */
  readonly seen: ((values: ArrayLike<number>) => RgbImage) | null;
}
