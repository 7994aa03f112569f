/**
 * The probe's head: multinomial logistic regression on features, to convergence.
 *
 *     minimise  1/n sum over i of cross-entropy(z_i W + b, label_i) + l2 / 2 |W|^2
 *
 * z being the features, standardised by the training images' mean and deviation per feature; the bias is not
 * penalised. L-BFGS runs on the host, the loss and its gradient are a program of the engine. The result is
 * given for the features as they are: w = W / deviation, b - mean . w.
 *
 * A row is left out of a problem by a target of zeros: its loss and gradient are zero. So all folds of a
 * cross-validation are one program, and every strength runs the same plan (l2-strength.ts).
 */
import { add } from '../ops/add.js';
import { argmax } from '../ops/argmax.js';
import { gradients } from '../ops/backward.js';
import { crossEntropyLosses } from '../ops/cross-entropy.js';
import { matmul } from '../ops/matmul.js';
import { multiply } from '../ops/multiply.js';
import { reshape } from '../ops/reshape.js';
import { sum } from '../ops/sum.js';
import type { Evaluation } from '../optim/lbfgs.js';
import type { Device } from '../program/device.js';
import type { State } from '../program/state.js';
import { tensor } from '../tensor/tensor.js';

/** When a head has converged: float32 gradients are no finer. Its loss rounds earlier, and so must not end it. */
export const HEAD_CONVERGENCE = { gradientTolerance: 3e-7, valueTolerance: 0 };

/** Relative rounding of float32 features, with room. */
const ROUNDING = 1e-6;

/** Features of labelled images: `values` is [images, length], row-major. */
export interface FeatureSet {
  readonly values: Float32Array;
  readonly labels: Int32Array;
  readonly length: number;
}

/** What features are standardised by, per feature. */
export interface FeatureScale {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** A linear layer for features as they are: weight [length, classes] row-major, bias [classes]. */
export interface LinearHead {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** One evaluation of one problem. */
export interface HeadEvaluation extends Evaluation {
  /** The mean cross-entropy alone, without the penalty. */
  readonly dataLoss: number;
  /** The predicted class of every row, counted or not. */
  readonly predicted: Int32Array;
}

/**
 * Standardised features on a device, and one or more problems over them that differ in the rows they count.
 * All problems are evaluated by one program, so that the features are read once. Close it.
 */
export class LogisticProblem {
  readonly classes: number;
  readonly rows: number;
  readonly length: number;
  readonly problems: number;
  private readonly device: Device;
  private readonly features: State;
  /** [rows, problems, classes]: one-hot where the problem counts the row, zeros elsewhere. */
  private readonly targets: State;
  private readonly labels: Int32Array;
  private readonly scale: FeatureScale;
  /** How many rows each problem counts. */
  private readonly counted: Float64Array;

  /** `scale` is that of the training images, also where `set` holds others. */
  constructor(device: Device, set: FeatureSet, scale: FeatureScale, classes: number, problems = 1) {
    this.device = device;
    this.classes = classes;
    this.problems = problems;
    this.rows = set.labels.length;
    this.length = set.length;
    this.labels = set.labels;
    this.counted = new Float64Array(problems);
    this.scale = scale;
    this.features = device.createState([this.rows, set.length], 'float32', standardised(set, scale));
    this.targets = device.createState([this.rows * problems, classes]);
    this.select(() => true);
  }

  /** Number of unknowns of one problem: weights [length, classes] row-major, then biases. */
  get size(): number {
    return (this.length + 1) * this.classes;
  }

  /** Chooses the rows that each problem counts. */
  select(isCounted: (row: number, problem: number) => boolean): void {
    const targets = new Float32Array(this.rows * this.problems * this.classes);
    this.counted.fill(0);
    this.labels.forEach((label, row) => {
      for (let p = 0; p < this.problems; p++) {
        if (!isCounted(row, p)) continue;
        targets[(row * this.problems + p) * this.classes + label] = 1;
        this.counted[p]++;
      }
    });
    this.device.write(this.targets, targets);
  }

  /** Loss over the counted rows with its penalty, gradient and predictions, for a point of each problem. */
  async evaluate(points: readonly Float64Array[], l2: number): Promise<HeadEvaluation[]> {
    const { rows, length, classes, problems } = this;
    const columns = problems * classes;
    const { losses, dWeight, dBias, predicted } = await this.device.run(() => {
      const weight = tensor(sideBySide(points, length, classes), [length, columns], 'float32');
      const bias = tensor(
        sideBySide(
          points.map((point) => point.subarray(length * classes)),
          1,
          classes,
        ),
        [columns],
        'float32',
      );
      const logits = reshape(add(matmul(this.features, weight), bias), [rows * problems, classes]);
      const perRow = reshape(crossEntropyLosses(logits, this.targets), [rows, problems]);
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
      return { losses, dWeight, dBias, predicted: argmax(logits) };
    });
    return points.map((point, p) => {
      const gradient = new Float64Array(point.length);
      let penalty = 0;
      for (let i = 0; i < length * classes; i++) {
        const at = Math.floor(i / classes) * columns + p * classes + (i % classes);
        penalty += point[i] * point[i];
        gradient[i] = dWeight[at] + l2 * point[i];
      }
      for (let c = 0; c < classes; c++) gradient[length * classes + c] = dBias[p * classes + c];
      const own = Int32Array.from({ length: rows }, (_, row) => predicted[row * problems + p]);
      return { value: losses[p] + (l2 / 2) * penalty, dataLoss: losses[p], gradient, predicted: own };
    });
  }

  /** The head for features as they are. */
  head(point: Float64Array): LinearHead {
    const { classes, length } = this;
    const weight = new Float32Array(length * classes);
    const bias = Float64Array.from(point.subarray(length * classes));
    for (let f = 0; f < length; f++) {
      for (let c = 0; c < classes; c++) {
        const w = point[f * classes + c] / this.scale.deviation[f];
        weight[f * classes + c] = w;
        bias[c] -= this.scale.mean[f] * w;
      }
    }
    return { weight, bias: Float32Array.from(bias) };
  }

  close(): void {
    this.device.releaseState(this.features);
    this.device.releaseState(this.targets);
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

/** The first `rows` x `classes` values of each point, as columns side by side: [rows, points, classes]. */
function sideBySide(points: readonly Float64Array[], rows: number, classes: number): Float64Array {
  const result = new Float64Array(rows * points.length * classes);
  for (let row = 0; row < rows; row++) {
    points.forEach((point, p) => {
      result.set(point.subarray(row * classes, (row + 1) * classes), (row * points.length + p) * classes);
    });
  }
  return result;
}
