/**
 * The probe's head for values: ridge regression on features (head-problem.ts says of what form), the loss of a row being
 * its mean squared error over the columns. Over c columns it is the least-squares problem of scikit-learn's `Ridge` on
 * standardised features with alpha = rows * c * l2 / 2.
 */
import { mean } from '../../ops/reduce/mean.js';
import { multiply } from '../../ops/pointwise/multiply.js';
import { square } from '../../ops/pointwise/square.js';
import { subtract } from '../../ops/pointwise/subtract.js';
import type { Device } from '../../program/device.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type FeatureScale, type FeatureSet, HeadProblem, type IsCounted } from './head-problem.js';

/**
 * Strengths to choose among, strongest first. They begin higher than those of classes: a squared error grows without
 * bound, and the sum of the features' variances, to which the penalty is compared, is their number.
 */
export const RIDGE_STRENGTHS: readonly number[] = [
  300, 100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4,
];

export class RidgeProblem extends HeadProblem {
  /** [rows * problems, columns] */
  private readonly targets: State;
  /** [rows * problems]: the row's weight where the problem counts it, else 0. */
  private readonly counts: State;

  /** `targets` is [rows, columns], row-major. */
  constructor(
    device: Device,
    set: FeatureSet,
    targets: Float32Array,
    scale: FeatureScale,
    columns: number,
    problems = 1,
  ) {
    super(device, set, scale, columns, problems);
    const repeated = new Float32Array(this.rows * problems * columns);
    for (let i = 0; i < this.rows * problems; i++) {
      const row = Math.floor(i / problems);
      repeated.set(targets.subarray(row * columns, (row + 1) * columns), i * columns);
    }
    this.targets = device.createState([this.rows * problems, columns], 'float32', repeated);
    this.counts = device.createState([this.rows * problems]);
    this.select(() => true);
  }

  protected override writeSelection(isCounted: IsCounted): void {
    const { rows, problems } = this;
    const counts = Float32Array.from({ length: rows * problems }, (_, i) => {
      const row = Math.floor(i / problems);
      return isCounted(row, i % problems) ? this.weights[row] : 0;
    });
    this.device.write(this.counts, counts);
  }

  protected override losses(outputs: Tensor): Tensor {
    return multiply(mean(square(subtract(outputs, this.targets)), 1), this.counts);
  }

  protected override predictions(outputs: Tensor): Tensor {
    return outputs;
  }

  override close(): void {
    super.close();
    this.device.releaseState(this.targets);
    this.device.releaseState(this.counts);
  }
}
