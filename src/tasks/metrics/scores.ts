/** Figures of merit of predictions, each a pure function; for rows of class scores and for regression. */

/** Rows of class scores [images, classes] (row-major), and the right class of each row. */
export interface Scored {
  readonly scores: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/** Probabilities of rows of logits divided by `temperature`, in float64. */
export function softmaxRows({ scores, labels, classes }: Scored, temperature = 1): Float64Array {
  const probabilities = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, scores[at + c]);
    let total = 0;
    for (let c = 0; c < classes; c++) {
      probabilities[at + c] = Math.exp((scores[at + c] - largest) / temperature);
      total += probabilities[at + c];
    }
    for (let c = 0; c < classes; c++) probabilities[at + c] /= total;
  }
  return probabilities;
}

/** Mean cross-entropy of logits divided by `temperature`, in nats; finite where the softmax has underflowed, too. */
export function crossEntropyOf({ scores, labels, classes }: Scored, temperature = 1): number {
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, scores[at + c]);
    let total = 0;
    for (let c = 0; c < classes; c++) total += Math.exp((scores[at + c] - largest) / temperature);
    loss += Math.log(total) + (largest - scores[at + labels[i]]) / temperature;
  }
  return loss / labels.length;
}

/** The class of a row with the largest score; of equal ones the first, as everywhere where classes are ranked. */
export function likeliest({ scores, classes }: Pick<Scored, 'scores' | 'classes'>, row: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if (scores[row * classes + c] > scores[row * classes + best]) best = c;
  }
  return best;
}

/**
 * Share of rows whose label is among the `k` largest scores. Among equal scores the first class comes first, so that the
 * figure for k = 1 is the accuracy.
 */
export function topKAccuracy({ scores, labels, classes }: Scored, k: number): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    const own = scores[i * classes + label];
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[i * classes + c];
      if (score > own || (score === own && c < label)) before++;
    }
    if (before < k) right++;
  }
  return right / labels.length;
}

/**
 * Area under the ROC curve: how often a positive scores above a negative, equal scores counting half (Mann and Whitney).
 * Null when one of the two is missing.
 */
export function rocAuc(positives: Float64Array, negatives: Float64Array): number | null {
  if (positives.length === 0 || negatives.length === 0) return null;
  const [high, low] = [positives.toSorted(), negatives.toSorted()];
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const score of high) {
    while (below < low.length && low[below] < score) below++;
    while (notAbove < low.length && low[notAbove] <= score) notAbove++;
    wins += (below + notAbove) / 2;
  }
  return wins / (high.length * low.length);
}

/**
 * The mean over classes of the AUC of each against the rest, by the probabilities of logits, as scikit-learn's
 * roc_auc_score with multi_class='ovr'. Classes without images, or with all, are left out, where scikit-learn refuses.
 * Images whose probabilities are equal do not rank above each other.
 */
export function macroAuc(logits: Scored): number | null {
  const { labels, classes } = logits;
  const scores = rankableProbabilities(logits);
  const areas = Array.from({ length: classes }, (_, c) => {
    const own: number[] = [];
    const rest: number[] = [];
    for (let i = 0; i < labels.length; i++) (labels[i] === c ? own : rest).push(scores[i * classes + c]);
    return rocAuc(Float64Array.from(own), Float64Array.from(rest));
  }).filter((area) => area !== null);
  return areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

/**
 * Probabilities that are equal where they must be: each row is added up from its smallest power on, so that the same
 * logits in another order have the same sum. In the order of classes the last bit of it would decide which of two images
 * that are equally likely to be of a class ranks above the other.
 */
function rankableProbabilities({ scores, labels, classes }: Scored): Float64Array {
  const probabilities = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, scores[i * classes + c]);
    for (let c = 0; c < classes; c++) row[c] = Math.exp(scores[i * classes + c] - largest);
    const total = row.toSorted().reduce((sum, power) => sum + power, 0);
    for (let c = 0; c < classes; c++) row[c] /= total;
  }
  return probabilities;
}

/** Brier's score (1950): the mean over images of the squared distance to the right class's unit vector, 0 to 2. */
export function brierScore({ scores: probabilities, labels, classes }: Scored): number {
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    for (let c = 0; c < classes; c++) {
      total += (probabilities[i * classes + c] - (labels[i] === c ? 1 : 0)) ** 2;
    }
  }
  return total / labels.length;
}

/** How good predicted numbers are. */
export interface RegressionMetrics {
  /** Mean of the squared errors. */
  readonly mse: number;
  /** Its root, in the unit of the values. */
  readonly rmse: number;
  /** Mean of the absolute errors. */
  readonly mae: number;
  /** Share of the targets' variance that the predictions explain; null when the targets do not vary. */
  readonly r2: number | null;
}

/** Metrics of predictions against targets; not a number for none. */
export function regressionMetrics(
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
): RegressionMetrics {
  const count = targets.length;
  const all = Array.from(targets);
  const mean = all.reduce((sum, target) => sum + target, 0) / count;
  const squares = all.reduce((sum, target, i) => sum + (target - predictions[i]) ** 2, 0);
  const absolutes = all.reduce((sum, target, i) => sum + Math.abs(target - predictions[i]), 0);
  const variation = all.reduce((sum, target) => sum + (target - mean) ** 2, 0);
  return {
    mse: squares / count,
    rmse: Math.sqrt(squares / count),
    mae: absolutes / count,
    r2: variation > 0 ? 1 - squares / variation : null,
  };
}
