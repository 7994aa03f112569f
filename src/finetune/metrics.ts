/**
 * How good predictions are: accuracy with its interval, top-5, per class, confusion.
 */

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

/** How good the predictions of a set of images are. Shares are fractions. */
export interface Metrics {
  readonly images: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** 95 % Wilson interval of the accuracy. */
  readonly interval: readonly [number, number] | null;
  /** Null below five classes. */
  readonly top5_accuracy: number | null;
  readonly per_class: readonly ClassMetrics[];
  /** confusion[true][predicted]. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly string[];
}

/**
 * Metrics of `logits` [images, classes] (row-major) against `labels`. A label of -1 stands for an image whose
 * class is unknown to the model; it does not occur here.
 */
export function computeMetrics(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: readonly string[],
): Metrics {
  const images = labels.length;
  const count = classes.length;
  const confusion = classes.map(() => new Array<number>(count).fill(0));
  let loss = 0;
  let right = 0;
  let rightOfFive = 0;
  for (let i = 0; i < images; i++) {
    const row = Array.from({ length: count }, (_, j) => logits[i * count + j]);
    const label = labels[i];
    const largest = Math.max(...row);
    loss += largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0)) - row[label];
    const predicted = row.indexOf(largest);
    confusion[label][predicted]++;
    if (predicted === label) right++;
    // Ties count against the label, so that constant logits are not called right.
    if (row.filter((x, j) => j !== label && x >= row[label]).length < 5) rightOfFive++;
  }
  return {
    images,
    loss: finiteOrNull(loss / images),
    accuracy: images === 0 ? null : right / images,
    interval: images === 0 ? null : wilsonInterval(right, images),
    top5_accuracy: images === 0 || count < 5 ? null : rightOfFive / images,
    per_class: classes.map((name, c) => classMetrics(name, c, confusion)),
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

/** Wilson's score interval of a proportion (Wilson, 1927) at 95 %: never outside 0 to 1, unlike the normal one. */
export function wilsonInterval(successes: number, trials: number): [low: number, high: number] {
  const z = 1.959964;
  const p = successes / trials;
  const denominator = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
