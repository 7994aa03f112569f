/**
 * The program of one micro-batch, in one place: the trainer runs it, and the choice of the micro-batch makes its plan
 * to see whether it fits.
 */
import { applySteps, type ImageStep, type Preprocessing } from '../data/index.js';
import type { ImageClassifier } from '../models/index.js';
import { backward, multiply, normalizeImages, sum } from '../ops/index.js';
import type { Generator } from '../tensor/philox.js';
import { tensor } from '../tensor/tensor.js';
import type { Recipe } from './recipe-schema.js';
import type { Targets, Task } from './task.js';

/** Part of a batch, computed at once. */
export interface MicroBatch {
  /** [n, side, side, 3]. */
  readonly images: Uint8Array;
  readonly targets: Targets;
  /** What each image goes through before it is normalised. */
  readonly steps: readonly (readonly ImageStep[])[];
  /** Each image's share in the batch's mean loss. */
  readonly shares: Float32Array;
}

export interface TrainingStepOptions {
  readonly model: ImageClassifier;
  readonly task: Task;
  readonly recipe: Pick<Recipe, 'label_smoothing'>;
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std'>;
  /** Side of the images in pixels. */
  readonly side: number;
  readonly random: Generator;
}

/** Records forward and backward: the micro-batch's share of the batch's mean loss goes into the gradients. */
export function recordMicroBatch(
  { images, targets, steps, shares }: MicroBatch,
  options: TrainingStepOptions,
) {
  const { model, task, recipe, preprocessing, side, random } = options;
  const size = shares.length;
  const bytes = applySteps(tensor(images, [size, side, side, 3], 'uint8'), steps);
  const outputs = model.forward(normalizeImages(bytes, preprocessing.mean, preprocessing.std), { random });
  const losses = task.losses(outputs, targets, recipe);
  const loss = sum(multiply(losses, tensor(shares, [size], 'float32')));
  backward(loss);
  return { loss, predicted: task.predictions(outputs) };
}
