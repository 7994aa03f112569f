/** How good predictions are, all of it at once: what `evaluate` answers, and what a run says of its test images. */
import { calibrationError } from './calibration.js';
import {
  brierScore,
  crossEntropyOf,
  likeliest,
  macroAuc,
  type Scored,
  softmaxRows,
  topKAccuracy,
} from './scores.js';

/** The same for one class. */
export interface ClassMetrics {
  readonly class: string;
  /** Share of the predictions of this class that are right; null when it was never predicted. */
  readonly precision: number | null;
  /** Share of the images of this class that were found; null when there are none. */
  readonly recall: number | null;
  /** Harmonic mean of the two; null when one is missing. */
  readonly f1: number | null;
  readonly support: number;
}

/**
 * Means over the classes that have images or were predicted, as scikit-learn's precision_recall_fscore_support takes them
 * with zero_division=0: what is missing of a class counts as 0, so that the recall and the F1 of one that is predicted and
 * has no image are 0. A class with neither is left out.
 */
export interface AverageMetrics {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** How far probabilities are from shares of right answers; the temperature is that of the checkpoint. */
export interface Calibration {
  /** Expected calibration error in 15 bins. */
  readonly error: number;
  /** Fitted on the validation images when the checkpoint was written; null where none is known. */
  readonly temperature: number | null;
  /** Error and mean cross-entropy of logits divided by the temperature; null without one. */
  readonly scaled_error: number | null;
  readonly scaled_loss: number | null;
}

/** What training goes by. Shares are fractions. */
export interface Accuracy {
  readonly images: number;
  /** Mean cross-entropy in nats: the log loss. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** 95 % Wilson interval of the accuracy. */
  readonly interval: readonly [number, number] | null;
}

/** How good the predictions of a set of images are. Shares are fractions; what no images tell is null. */
export interface Metrics extends Accuracy {
  /** Null below five classes. */
  readonly top5_accuracy: number | null;
  /** Share of the images whose class is among the k likeliest, for each k of 2, 3, 5, 10 below the number of classes. */
  readonly top_k: readonly { readonly k: number; readonly accuracy: number }[];
  /** Mean recall of the classes that have images, as scikit-learn's balanced_accuracy_score. */
  readonly balanced_accuracy: number | null;
  /** All classes count the same. */
  readonly macro: AverageMetrics | null;
  /** Each class counts as its images. */
  readonly weighted: AverageMetrics | null;
  /** Area under the ROC curve of each class against the rest, by probability; the mean over classes: see `macroAuc`. */
  readonly auc: number | null;
  /** Brier's score over all classes, 0 to 2. */
  readonly brier: number | null;
  readonly calibration: Calibration | null;
  readonly per_class: readonly ClassMetrics[];
  /** confusion[true][predicted]. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly string[];
}

const TOP_KS = [2, 3, 5, 10];

/** Accuracy and loss alone, for each epoch: `logits` [images, classes] (row-major) against `labels`. */
export function computeAccuracy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Accuracy {
  const scored = { scores: logits, labels, classes };
  const right = Array.from(labels).filter((label, i) => likeliest(scored, i) === label).length;
  return accuracyOf(right, crossEntropyOf(scored), labels.length);
}

/** The same where it is known already how many of the images are right, and their mean loss. */
export function accuracyOf(right: number, loss: number, images: number): Accuracy {
  return {
    images,
    loss: images === 0 ? null : finiteOrNull(loss),
    accuracy: images === 0 ? null : right / images,
    interval: images === 0 ? null : wilsonInterval(right, images),
  };
}

/**
 * Metrics of `logits` [images, classes] (row-major) against `labels`, each of them a class.
 * @param temperature that of the checkpoint, for the calibration
 */
export function computeMetrics(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: readonly string[],
  temperature: number | null = null,
): Metrics {
  const count = classes.length;
  const scored = { scores: logits, labels, classes: count };
  const confusion = classes.map(() => new Array<number>(count).fill(0));
  for (let i = 0; i < labels.length; i++) confusion[labels[i]][likeliest(scored, i)]++;
  const perClass = classes.map((name, c) => classMetrics(name, c, confusion));
  const known = labels.length > 0;
  const probabilities = { ...scored, scores: softmaxRows(scored) };
  const tops = known ? TOP_KS.filter((k) => k < count) : [];
  return {
    ...computeAccuracy(logits, labels, count),
    top5_accuracy: known && count >= 5 ? topKAccuracy(scored, 5) : null,
    top_k: tops.map((k) => ({ k, accuracy: topKAccuracy(scored, k) })),
    balanced_accuracy: balancedAccuracy(perClass),
    macro: average(perClass, () => 1),
    weighted: average(perClass, ({ support }) => support),
    auc: macroAuc(scored),
    brier: known ? brierScore(probabilities) : null,
    calibration: known ? calibrationOf(scored, probabilities, temperature) : null,
    per_class: perClass,
    confusion,
    classes,
  };
}

function classMetrics(name: string, c: number, confusion: readonly (readonly number[])[]): ClassMetrics {
  const support = confusion[c].reduce((sum, n) => sum + n, 0);
  const predicted = confusion.reduce((sum, row) => sum + row[c], 0);
  const precision = predicted === 0 ? null : confusion[c][c] / predicted;
  const recall = support === 0 ? null : confusion[c][c] / support;
  const total = (precision ?? 0) + (recall ?? 0);
  const f1 =
    precision === null || recall === null ? null : total === 0 ? 0 : (2 * precision * recall) / total;
  return { class: name, precision, recall, f1, support };
}

function balancedAccuracy(classes: readonly ClassMetrics[]): number | null {
  const recalls = classes.map(({ recall }) => recall).filter((recall) => recall !== null);
  return recalls.length === 0 ? null : recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}

function average(
  classes: readonly ClassMetrics[],
  weightOf: (metrics: ClassMetrics) => number,
): AverageMetrics | null {
  // A class without predictions has no precision, one without images no recall.
  const counted = classes.filter(({ precision, recall }) => precision !== null || recall !== null);
  if (counted.length === 0) return null;
  const total = counted.reduce((sum, metrics) => sum + weightOf(metrics), 0);
  const mean = (key: 'precision' | 'recall' | 'f1') =>
    counted.reduce((sum, metrics) => sum + weightOf(metrics) * (metrics[key] ?? 0), 0) / total;
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

function calibrationOf(logits: Scored, probabilities: Scored, temperature: number | null): Calibration {
  const error = calibrationError(probabilities);
  if (temperature === null) return { error, temperature, scaled_error: null, scaled_loss: null };
  return {
    error,
    temperature,
    scaled_error: calibrationError({ ...logits, scores: softmaxRows(logits, temperature) }),
    scaled_loss: finiteOrNull(crossEntropyOf(logits, temperature)),
  };
}

/** Wilson's score interval of a proportion (Wilson, 1927) at 95 %: never outside 0 to 1, unlike the normal one. */
export function wilsonInterval(successes: number, trials: number): [low: number, high: number] {
  const z = 1.959964;
  const p = successes / trials;
  const denominator = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  // Exact at the ends, where rounding would leave 0.9999999999999999.
  const low = successes === 0 ? 0 : Math.max(0, centre - half);
  return [low, successes === trials ? 1 : Math.min(1, centre + half)];
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
