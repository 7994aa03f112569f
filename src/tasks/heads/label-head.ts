/**
 * The probe's head for several labels: logistic regression of each class against the rest (head-problem.ts says of what
 * form), the loss of a row being its mean binary cross-entropy over the classes.
 */
import { concat, crossEntropyLosses, mean, reshape, zeros } from '../../ops/index.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { TargetProblem } from './target-head.js';

/** Targets are [rows, 2 classes], as `pairsOf` makes them. */
export class LabelProblem extends TargetProblem {
  protected override rowLosses(outputs: Tensor, targets: State): Tensor {
    const [rows, classes] = outputs.shape;
    return binaryCrossEntropies(outputs, reshape(targets, [rows * classes, 2]));
  }
}

/** Of labels that are 1 or 0, the shares of `yes` and of `no`: y and 1 - y for each. */
export function pairsOf(labels: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: 2 * labels.length }, (_, i) =>
    i % 2 === 0 ? labels[i / 2] : 1 - labels[(i - 1) / 2],
  );
}

/**
 * Records the mean over classes of each row's binary cross-entropies [n], -y ln p - (1 - y) ln(1 - p) with p = 1 / (1 + e^-x).
 * As (p, 1 - p) is the softmax of (x, 0), they are cross-entropies of two logits: stable for any x, with the gradient p - y
 * at every point, where max(x, 0) - x y + ln(1 + e^-|x|) composed of operations has none at the 0 that a fit begins at.
 *
 * @param outputs logits x [n, classes]
 * @param pairs [n * classes, 2], as `pairsOf` makes them
 */
export function binaryCrossEntropies(outputs: Tensor, pairs: Tensor): Tensor {
  const [rows, classes] = outputs.shape;
  const logits = concat([reshape(outputs, [rows * classes, 1]), zeros([rows * classes, 1])], 1);
  return mean(reshape(crossEntropyLosses(logits, pairs), [rows, classes]), 1);
}
