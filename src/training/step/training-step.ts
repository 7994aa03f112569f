/**
 * The program of one micro-batch, in one place: the trainer runs it, and the choice of the micro-batch makes its plan
 * to see whether it fits.
 */
import { applySteps, type ImageStep, type Preprocessing } from '../../inputs/index.js';
import type { ImageClassifier } from '../../models/index.js';
import {
  add,
  backward,
  eraseBoxes,
  lossScaleOf,
  type Mix,
  mixImages,
  multiply,
  normalizeImages,
  slice,
  sum,
} from '../../ops/index.js';
import type { State } from '../../program/state.js';
import type { Generator } from '../../tensor/philox.js';
import { type Scalar, type Tensor, tensor } from '../../tensor/tensor.js';
import type { LossOptions, Targets, Task } from '../../tasks/index.js';

/** Part of a batch, computed at once. */
export interface MicroBatch {
  /** [rows, side, side, 3], one row for each of n images. Mixed, there is one row more: see `mix`. */
  readonly images: Uint8Array;
  /** The targets of each row. */
  readonly targets: Targets;
  /** What each row goes through before it is normalised. */
  readonly steps: readonly (readonly ImageStep[])[];
  /** [n]: each image's share in the batch's mean loss. */
  readonly shares: Float32Array;
  /** [rows, 4]: what is erased of each row (ops/image/erase-boxes.ts). Absent: nothing. */
  readonly erased?: Int32Array;
  /** Absent: images are as they are. Else each row but the first is an image, and the row before it its partner. */
  readonly mix?: Mix & {
    /** [n]: the share of each partner's label in the batch's mean loss. */
    readonly partnerShares: Float32Array;
  };
}

export interface TrainingStepOptions {
  readonly model: ImageClassifier;
  readonly task: Task;
  /** How the loss is asked for. */
  readonly loss: LossOptions;
  /** The weight of each class, as the task gave them; null: all count the same. */
  readonly classWeights: ArrayLike<number> | null;
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std'>;
  /** Side of the images in pixels. */
  readonly side: number;
  readonly random: Generator;
  /** The loss scale of the optimiser; null or absent: none. */
  readonly scaling?: State | null;
}

/** Records forward and backward: the micro-batch's share of the batch's mean loss goes into the gradients. */
export function recordMicroBatch(batch: MicroBatch, options: TrainingStepOptions) {
  const { model, task, random, scaling } = options;
  const { targets, shares, mix } = batch;
  const outputs = model.forward(networkInput(batch, options), { random });
  const lossOf = (answers: Targets, weights: Float32Array) => sharedLoss(outputs, answers, weights, options);
  const width = targets.length / rowsOf(batch);
  const loss =
    mix === undefined
      ? lossOf(targets, shares)
      : (add(
          lossOf(targets.subarray(width), shares),
          lossOf(targets.subarray(0, -width), mix.partnerShares),
        ) as Scalar);
  backward(loss, scaling ? lossScaleOf(scaling) : undefined);
  return { loss, predicted: task.predictions(outputs) };
}

/** Records the part of a batch's mean loss that outputs [n, names] have, by the shares [n] of their images. */
export function sharedLoss(
  outputs: Tensor,
  targets: Targets,
  shares: Float32Array,
  { task, loss, classWeights }: Pick<TrainingStepOptions, 'task' | 'loss' | 'classWeights'>,
): Scalar {
  const losses = task.losses(outputs, targets, loss, classWeights);
  return sum(multiply(losses, tensor(shares, [shares.length], 'float32')));
}

/** How many rows a micro-batch has: the images, and mixed the partner of the first. */
function rowsOf({ shares, mix }: MicroBatch): number {
  return mix === undefined ? shares.length : shares.length + 1;
}

/** Records what the network sees: [n, side, side, 3]. Partners are varied and erased as the images that they are elsewhere. */
export function networkInput(
  batch: MicroBatch,
  { preprocessing, side }: Pick<TrainingStepOptions, 'preprocessing' | 'side'>,
): Tensor {
  const { images, steps, erased, mix } = batch;
  const rows = rowsOf(batch);
  const bytes = applySteps(tensor(images, [rows, side, side, 3], 'uint8'), steps);
  const normal = normalizeImages(bytes, preprocessing.mean, preprocessing.std);
  const x = erased === undefined ? normal : eraseBoxes(normal, tensor(erased, [rows, 4], 'int32'));
  if (mix === undefined) return x;
  const from = (first: number) => slice(x, [first, 0, 0, 0], [rows - 1, side, side, 3]);
  const { share, box } = mix;
  return mixImages(from(1), from(0), { share, box });
}
