/**
 * A linear head on features as a problem to minimise, to convergence:
 *
 *     minimise  1/n sum over i of loss(z_i W + b, target_i) + l2 / 2 |W|^2
 *
 * z being the features, standardised by the training images' mean and deviation per feature; the bias is not
 * penalised. L-BFGS runs on the host, the loss and its gradient are a program of the engine. The result is
 * given for the features as they are: w = W / deviation, b - mean . w.
 *
 * All folds of a cross-validation are one program, in which each counts other rows, and every strength runs the same
 * plan (l2-strength.ts). Which loss it is, and how a row is left out of it, a subclass says.
 */
import { add } from '../../ops/pointwise/add.js';
import { gradients } from '../../ops/backward.js';
import { matmul } from '../../ops/product/matmul.js';
import { multiply } from '../../ops/pointwise/multiply.js';
import { reshape } from '../../ops/shape/reshape.js';
import { sum } from '../../ops/reduce/sum.js';
import type { Evaluation } from '../../optim/lbfgs.js';
import type { Device } from '../../program/device.js';
import type { State } from '../../program/state.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';

/** When a head has converged: float32 gradients are no finer. Its loss rounds earlier, and so must not end it. */
export const HEAD_CONVERGENCE = { gradientTolerance: 3e-7, valueTolerance: 0 };

/** Relative rounding of float32 features, with room. */
const ROUNDING = 1e-6;

/** Features of labelled images: `values` is [images, length], row-major. */
export interface FeatureSet {
  readonly values: Float32Array;
  readonly labels: Int32Array;
  readonly length: number;
  /** What each image counts in a fit, whose loss is the weighted mean. Default: all count the same. */
  readonly weights?: ArrayLike<number>;
}

/** What features are standardised by, per feature. */
export interface FeatureScale {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** A linear layer for features as they are: weight [length, outputs] row-major, bias [outputs]. */
export interface LinearHead {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** One evaluation of one problem. */
export interface HeadEvaluation extends Evaluation {
  /** The mean loss alone, without the penalty. */
  readonly dataLoss: number;
  /** What the problem predicts of every row, counted or not: as many numbers for each as `predictions` records. */
  readonly predicted: Int32Array | Float32Array;
}

/** Which rows each problem counts. */
export type IsCounted = (row: number, problem: number) => boolean;

/**
 * Standardised features on a device, and one or more problems over them that differ in the rows they count.
 * All problems are evaluated by one program, so that the features are read once. Close it.
 */
export abstract class HeadProblem {
  readonly outputs: number;
  readonly rows: number;
  readonly length: number;
  readonly problems: number;
  protected readonly device: Device;
  private readonly features: State;
  private readonly scale: FeatureScale;
  /** What each row counts. */
  protected readonly weights: ArrayLike<number>;
  /** How many rows each problem counts; rather the sum of their weights. */
  private readonly counted: Float64Array;

  /** `scale` is that of the training images, also where `set` holds others. Call `select` at its end. */
  constructor(device: Device, set: FeatureSet, scale: FeatureScale, outputs: number, problems: number) {
    this.device = device;
    this.outputs = outputs;
    this.problems = problems;
    this.length = set.length;
    this.rows = set.values.length / set.length;
    this.weights = set.weights ?? new Float64Array(this.rows).fill(1);
    this.counted = new Float64Array(problems);
    this.scale = scale;
    this.features = device.createState([this.rows, set.length], 'float32', standardised(set, scale));
  }

  /** Records the loss of every row and problem [rows * problems] from outputs [rows * problems, outputs], times its weight; 0 for rows that do not count. */
  protected abstract losses(outputs: Tensor): Tensor;
  /** Records what outputs [rows * problems, outputs] stand for. */
  protected abstract predictions(outputs: Tensor): Tensor;
  /** Writes to the device what `losses` needs to know of the rows that count. */
  protected abstract writeSelection(isCounted: IsCounted): void;

  /** Number of unknowns of one problem: weights [length, outputs] row-major, then biases. */
  get size(): number {
    return (this.length + 1) * this.outputs;
  }

  /** Chooses the rows that each problem counts. */
  select(isCounted: IsCounted): void {
    this.counted.fill(0);
    for (let row = 0; row < this.rows; row++) {
      for (let p = 0; p < this.problems; p++) if (isCounted(row, p)) this.counted[p] += this.weights[row];
    }
    this.writeSelection(isCounted);
  }

  /** Loss over the counted rows with its penalty, gradient and predictions, for a point of each problem. */
  async evaluate(points: readonly Float64Array[], l2: number): Promise<HeadEvaluation[]> {
    const { rows, length, outputs, problems } = this;
    const columns = problems * outputs;
    const { losses, dWeight, dBias, predicted } = await this.device.run(() => {
      const weight = tensor(sideBySide(points, length, outputs), [length, columns], 'float32');
      const bias = tensor(
        sideBySide(
          points.map((point) => point.subarray(length * outputs)),
          1,
          outputs,
        ),
        [columns],
        'float32',
      );
      const made = reshape(add(matmul(this.features, weight), bias), [rows * problems, outputs]);
      const perRow = reshape(this.losses(made), [rows, problems]);
      // The shares are data, not part of the program: problems may change the rows they count.
      const losses = multiply(
        sum(perRow, 0),
        tensor(
          this.counted.map((count) => 1 / count),
          [problems],
          'float32',
        ),
      );
      const [dWeight, dBias] = gradients(sum(losses), [weight, bias]);
      return { losses, dWeight, dBias, predicted: this.predictions(made) };
    });
    return points.map((point, p) => {
      const gradient = new Float64Array(point.length);
      let penalty = 0;
      for (let i = 0; i < length * outputs; i++) {
        const at = Math.floor(i / outputs) * columns + p * outputs + (i % outputs);
        penalty += point[i] * point[i];
        gradient[i] = dWeight[at] + l2 * point[i];
      }
      for (let c = 0; c < outputs; c++) gradient[length * outputs + c] = dBias[p * outputs + c];
      const own = ofProblem(predicted as Int32Array | Float32Array, p, problems, rows);
      return { value: losses[p] + (l2 / 2) * penalty, dataLoss: losses[p], gradient, predicted: own };
    });
  }

  /** The head for features as they are. */
  head(point: Float64Array): LinearHead {
    const { outputs, length } = this;
    const weight = new Float32Array(length * outputs);
    const bias = Float64Array.from(point.subarray(length * outputs));
    for (let f = 0; f < length; f++) {
      for (let c = 0; c < outputs; c++) {
        const w = point[f * outputs + c] / this.scale.deviation[f];
        weight[f * outputs + c] = w;
        bias[c] -= this.scale.mean[f] * w;
      }
    }
    return { weight, bias: Float32Array.from(bias) };
  }

  close(): void {
    this.device.releaseState(this.features);
  }
}

/**
 * Mean and deviation of each feature. One that changes by no more than rounding gets deviation 1 and so weighs
 * nothing; divided by its rounding, it would be enormous for the first image in which it does change.
 */
export function featureScale({ values, length }: FeatureSet): FeatureScale {
  const rows = values.length / length;
  const mean = new Float64Array(length);
  const deviation = new Float64Array(length);
  for (let i = 0; i < values.length; i++) mean[i % length] += values[i] / rows;
  for (let i = 0; i < values.length; i++) deviation[i % length] += (values[i] - mean[i % length]) ** 2 / rows;
  for (let f = 0; f < length; f++) {
    const root = Math.sqrt(deviation[f]);
    deviation[f] = root > ROUNDING * Math.abs(mean[f]) ? root : 1;
  }
  return { mean, deviation };
}

function standardised({ values, length }: FeatureSet, { mean, deviation }: FeatureScale): Float32Array {
  return values.map((value, i) => (value - mean[i % length]) / deviation[i % length]);
}

/** The first `rows` x `outputs` values of each point, as columns side by side: [rows, points, outputs]. */
function sideBySide(points: readonly Float64Array[], rows: number, outputs: number): Float64Array {
  const result = new Float64Array(rows * points.length * outputs);
  for (let row = 0; row < rows; row++) {
    points.forEach((point, p) => {
      result.set(point.subarray(row * outputs, (row + 1) * outputs), (row * points.length + p) * outputs);
    });
  }
  return result;
}

/** The rows of one problem out of [rows, problems, ...]. */
function ofProblem<T extends Int32Array | Float32Array>(
  all: T,
  p: number,
  problems: number,
  rows: number,
): T {
  const width = all.length / (rows * problems);
  const own = all.slice(0, rows * width) as T;
  for (let row = 0; row < rows; row++) {
    const at = (row * problems + p) * width;
    own.set(all.subarray(at, at + width), row * width);
  }
  return own;
}
