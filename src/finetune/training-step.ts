/**
 * The program of one micro-batch, in one place: the trainer runs it, and the choice of the micro-batch makes its plan
 * to see whether it fits.
 */
import type { Preprocessing } from '../data/index.js';
import type { ImageClassifier } from '../models/index.js';
import { argmax, backward, crossEntropyLosses, multiply, normalizeImages, sum } from '../ops/index.js';
import type { Generator } from '../tensor/philox.js';
import { tensor } from '../tensor/tensor.js';

/** Part of a batch, computed at once. */
export interface MicroBatch {
  /** [n, side, side, 3]. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** Each image's share in the batch's mean loss. */
  readonly shares: Float32Array;
}

export interface TrainingStepOptions {
  readonly model: ImageClassifier;
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std'>;
  /** Side of the images in pixels. */
  readonly side: number;
  readonly labelSmoothing: number;
  readonly random: Generator;
}

/** Records forward and backward: the micro-batch's share of the batch's mean loss goes into the gradients. */
export function recordMicroBatch({ images, labels, shares }: MicroBatch, options: TrainingStepOptions) {
  const { model, preprocessing, side, labelSmoothing, random } = options;
  const size = labels.length;
  const bytes = tensor(images, [size, side, side, 3], 'uint8');
  const logits = model.forward(normalizeImages(bytes, preprocessing.mean, preprocessing.std), { random });
  const losses = crossEntropyLosses(logits, tensor(labels, [size], 'int32'), labelSmoothing);
  const loss = sum(multiply(losses, tensor(shares, [size], 'float32')));
  backward(loss);
  return { loss, predicted: argmax(logits) };
}
