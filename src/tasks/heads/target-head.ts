/** A head whose rows have a row of numbers each as their target: the loss of one is what a subclass says of the two. */
import { multiply } from '../../ops/pointwise/multiply.js';
import type { Device } from '../../program/device.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type FeatureScale, type FeatureSet, HeadProblem, type IsCounted } from './head-problem.js';

export abstract class TargetProblem extends HeadProblem {
  /** [rows * problems, numbers of a target] */
  private readonly targets: State;
  /** [rows * problems]: the row's weight where the problem counts it, else 0. */
  private readonly counts: State;

  /** `targets` has as many numbers for each row, row-major. */
  constructor(
    device: Device,
    set: FeatureSet,
    targets: Float32Array,
    scale: FeatureScale,
    outputs: number,
    problems = 1,
  ) {
    super(device, set, scale, outputs, problems);
    const width = targets.length / this.rows;
    const repeated = new Float32Array(this.rows * problems * width);
    for (let i = 0; i < this.rows * problems; i++) {
      const row = Math.floor(i / problems);
      repeated.set(targets.subarray(row * width, (row + 1) * width), i * width);
    }
    this.targets = device.createState([this.rows * problems, width], 'float32', repeated);
    this.counts = device.createState([this.rows * problems]);
    this.select(() => true);
  }

  /** Records the loss of each row [n] of outputs [n, outputs] and targets [n, numbers of a target]. */
  protected abstract rowLosses(outputs: Tensor, targets: State): Tensor;

  protected override writeSelection(isCounted: IsCounted): void {
    const { rows, problems } = this;
    const counts = Float32Array.from({ length: rows * problems }, (_, i) => {
      const row = Math.floor(i / problems);
      return isCounted(row, i % problems) ? this.weights[row] : 0;
    });
    this.device.write(this.counts, counts);
  }

  protected override losses(outputs: Tensor): Tensor {
    return multiply(this.rowLosses(outputs, this.targets), this.counts);
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
