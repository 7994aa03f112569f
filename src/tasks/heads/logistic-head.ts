/**
 * The probe's head for classes: multinomial logistic regression on features (head-problem.ts says of what form).
 *
 * A row's target is its weight at its class: the loss is then that of scikit-learn's class_weight, too. A row is left out
 * of a problem by a target of zeros: its loss and gradient are zero.
 */
import { argmax } from '../../ops/reduce/argmax.js';
import { crossEntropyLosses } from '../../ops/loss/cross-entropy.js';
import type { Device } from '../../program/device.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type FeatureScale, type FeatureSet, HeadProblem, type IsCounted } from './head-problem.js';

/** Strengths to choose among, strongest first. */
export const LOGISTIC_STRENGTHS: readonly number[] = [
  10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4,
];

export class LogisticProblem extends HeadProblem {
  private readonly labels: Int32Array;
  /** [rows * problems, classes]: the row's weight at its class where the problem counts it, zeros elsewhere. */
  private readonly targets: State;

  constructor(device: Device, set: FeatureSet, scale: FeatureScale, classes: number, problems = 1) {
    super(device, set, scale, classes, problems);
    this.labels = set.labels;
    this.targets = device.createState([this.rows * problems, classes]);
    this.select(() => true);
  }

  protected override writeSelection(isCounted: IsCounted): void {
    const { problems, outputs } = this;
    const targets = new Float32Array(this.rows * problems * outputs);
    this.labels.forEach((label, row) => {
      for (let p = 0; p < problems; p++) {
        if (isCounted(row, p)) targets[(row * problems + p) * outputs + label] = this.weights[row];
      }
    });
    this.device.write(this.targets, targets);
  }

  protected override losses(logits: Tensor): Tensor {
    return crossEntropyLosses(logits, this.targets);
  }

  protected override predictions(logits: Tensor): Tensor {
    return argmax(logits);
  }

  override close(): void {
    super.close();
    this.device.releaseState(this.targets);
  }
}
