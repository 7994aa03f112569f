/**
 * Batch norm's statistics taken anew: those of the training images in place of those that the weights came with.
 *
 * Where images are far from what a network was trained on, or its stored statistics are off, the features that a head is
 * fitted to are not those that training sees (Li et al., Revisiting Batch Normalization for Practical Domain Adaptation,
 * 2016). Means and variances become the means over batches of images as they are evaluated.
 */
import { epochOrder, type Input } from '../inputs/index.js';
import type { Network } from '../models/index.js';
import { setStochasticDepth, updateStatistics } from '../nn/index.js';
import type { Device } from '../program/device.js';
import { generator } from '../tensor/philox.js';
import { forEachImage } from './inference/inference.js';
import type { RunContext } from '../recipe/options.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { SamplePart } from '../runs/data/training-data.js';
import { lastStage, setTrainable } from './step/stages.js';

/** Images that are looked at: more change no digit that counts. */
const MOST_IMAGES = 2048;

export interface OwnStatisticsOptions extends RunContext {
  readonly device: Device;
  /** Moves to the device. */
  readonly model: Network;
  readonly recipe: Recipe;
  readonly input: Input;
  /** The training images. */
  readonly part: SamplePart;
  /** Images computed at once, at least 2. */
  readonly batch: number;
}

/** Replaces the statistics of the layers that will be trained. Throws AttuneError 'numeric', and 'interrupted' on the signal. */
export async function takeOwnStatistics(options: OwnStatisticsOptions): Promise<void> {
  const { model, device, recipe, part, input, batch: most, ...context } = options;
  const labels = part.images.map(({ label }) => label);
  const order = epochOrder(labels, { sampling: 'shuffled', seed: recipe.seed, epoch: 0 });
  const batch = Math.min(most, labels.length);
  // Whole batches only: the variance of a few images would count as much as that of many.
  const count = batch * Math.floor(Math.min(labels.length, Math.max(MOST_IMAGES, batch)) / batch);
  await setTrainable(model, lastStage(model, recipe), 'train');
  setStochasticDepth(model, 0);
  await model.to(device);
  const random = generator(recipe.seed);
  let batches = 0;
  await forEachImage(
    { count, read: (i) => part.source.read(order[i]) },
    (x) => {
      batches++;
      const outputs = model.forward(x, { random, momentum: 1 / batches });
      updateStatistics(model);
      return outputs;
    },
    () => undefined,
    { device, input, batch, activity: 'statistics', ...context },
  );
}
