/**
 * The program of one micro-batch, in one place: the trainer runs it, and the choice of the micro-batch makes its plan
 * to see whether it fits.
 */
import type { Input } from '../../inputs/index.js';
import { changedInput } from '../../methods/index.js';
import type { NetworkInput } from '../../nn/index.js';
import type { Network } from '../../models/index.js';
import { add, backward, lossScaleOf, multiply, sum } from '../../ops/index.js';
import type { State } from '../../program/state.js';
import type { Generator } from '../../tensor/philox.js';
import { type Scalar, type Tensor, tensor } from '../../tensor/tensor.js';
import type { LossOptions, Targets, Task } from '../../tasks/index.js';
import type { MicroBatch } from './micro-batches.js';

export interface TrainingStepOptions {
  readonly model: Network;
  readonly task: Task;
  /** How the loss is asked for. */
  readonly loss: LossOptions;
  /** The weight of each class, as the task gave them; null: all count the same. */
  readonly classWeights: ArrayLike<number> | null;
  readonly input: Input;
  readonly random: Generator;
  /** The loss scale of the optimiser; null or absent: none. */
  readonly scaling?: State | null;
}

/** Records forward and backward: the micro-batch's share of the batch's mean loss goes into the gradients. */
export function recordMicroBatch(batch: MicroBatch, options: TrainingStepOptions) {
  const { model, task, input, random, scaling } = options;
  const { size, targets, shares, mix } = batch;
  const outputs = model.forward(networkInput(batch, input), { random });
  const lossOf = (answers: Targets, weights: Float32Array) => sharedLoss(outputs, answers, weights, options);
  const width = targets.length / size;
  // Of a mix of n samples there are n outputs and n + 1 targets: those of row i + 1 are sample i's own, those of row i its
  // partner's. Without the first row they are the samples', without the last the partners'.
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

/** Records the share of a batch's mean loss that outputs [n, names] have, by the shares [n] of their images. */
export function sharedLoss(
  outputs: Tensor,
  targets: Targets,
  shares: Float32Array,
  { task, loss, classWeights }: Pick<TrainingStepOptions, 'task' | 'loss' | 'classWeights'>,
): Scalar {
  const losses = task.losses(outputs, targets, loss, classWeights);
  return sum(multiply(losses, tensor(shares, [shares.length], 'float32')));
}

/** Records what the network sees of a micro-batch: [n, ...shape of a sample]. */
export function networkInput(batch: MicroBatch, input: Input): NetworkInput<Tensor> {
  return changedInput(input.record(batch), batch);
}
