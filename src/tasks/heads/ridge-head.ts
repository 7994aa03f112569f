/**
 * The probe's head for values: ridge regression on features (head-problem.ts says of what form), the loss of a row being
 * its mean squared error over the columns. Over c columns it is the least-squares problem of scikit-learn's `Ridge` on
 * standardised features with alpha = rows * c * l2 / 2.
 */
import { mean } from '../../ops/reduce/mean.js';
import { square } from '../../ops/pointwise/square.js';
import { subtract } from '../../ops/pointwise/subtract.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { TargetProblem } from './target-head.js';

/**
 * Strengths to choose among, strongest first. They begin higher than those of classes: a squared error grows without
 * bound, and the sum of the features' variances, to which the penalty is compared, is their number.
 */
export const RIDGE_STRENGTHS: readonly number[] = [
  300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4,
];

/** Targets are [rows, columns]. */
export class RidgeProblem extends TargetProblem {
  protected override rowLosses(outputs: Tensor, targets: State): Tensor {
    return mean(square(subtract(outputs, targets)), 1);
  }
}
