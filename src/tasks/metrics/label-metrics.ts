/** How good probabilities of several labels a sample are: what `evaluate` answers of a multi-label classification. */

/** The metrics of one class, a label being given where its probability is above 0.5. */
export interface LabelMetrics {
  readonly class: string;
  /** Samples that have the label. */
  readonly support: number;
  /** Share of the samples given the label that have it; null where it was never given. */
  readonly precision: number | null;
  /** Share of the samples with the label that were given it; null without any. */
  readonly recall: number | null;
  /** 2 TP / (2 TP + FP + FN); null where nobody has the label and it was never given. */
  readonly f1: number | null;
  /** Average precision; null without a sample that has the label. */
  readonly average_precision: number | null;
}

/** All classes together. Shares are fractions; what no samples tell is null. */
export interface MultiLabelMetrics {
  readonly images: number;
  /** Mean binary cross-entropy in nats, over samples and classes: what training minimises. */
  readonly loss: number | null;
  /** Mean of the average precisions of the classes that have samples; scikit-learn counts those without as 0. */
  readonly mean_average_precision: number | null;
  /** F1 of all decisions together, and the mean of the classes that have samples or were given. */
  readonly micro_f1: number | null;
  readonly macro_f1: number | null;
  /** Share of the samples whose labels are all right: scikit-learn's accuracy_score of such targets. */
  readonly exact_match: number | null;
  readonly per_class: readonly LabelMetrics[];
  readonly classes: readonly string[];
}

/**
 * Metrics of `logits` [samples, classes] against `labels`, 1 where a sample has the label and else 0, both row-major. A label
 * is given where its logit is above 0, which is a probability above 0.5.
 */
export function computeLabelMetrics(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: readonly string[],
): MultiLabelMetrics {
  const count = classes.length;
  const images = labels.length / count;
  const perClass = classes.map((name, c) => {
    const of = (all: ArrayLike<number>) =>
      Float64Array.from({ length: images }, (_, i) => all[i * count + c]);
    return { name, ...countsOf(of(logits), of(labels)) };
  });
  const total = perClass.reduce(
    (sum, { right, given, support }) => ({
      right: sum.right + right,
      given: sum.given + given,
      support: sum.support + support,
    }),
    { right: 0, given: 0, support: 0 },
  );
  const rows = perClass.map(({ name, right, given, support, averagePrecision }) => ({
    class: name,
    support,
    precision: given === 0 ? null : right / given,
    recall: support === 0 ? null : right / support,
    f1: f1Of(right, given, support),
    average_precision: averagePrecision,
  }));
  return {
    images,
    loss: images === 0 ? null : binaryCrossEntropy(logits, labels),
    mean_average_precision: meanOfKnown(rows.map(({ average_precision }) => average_precision)),
    micro_f1: f1Of(total.right, total.given, total.support),
    macro_f1: meanOfKnown(rows.map(({ f1 }) => f1)),
    exact_match: images === 0 ? null : exactMatches(logits, labels, count) / images,
    per_class: rows,
    classes,
  };
}

/** Samples whose labels are all right. */
export function exactMatches(logits: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number {
  let right = 0;
  for (let start = 0; start < labels.length; start += classes) {
    let same = true;
    for (let at = start; at < start + classes; at++) same &&= logits[at] > 0 === labels[at] > 0;
    if (same) right++;
  }
  return right;
}

/** The mean of max(x, 0) - x y + ln(1 + e^-|x|); null where it is no number. */
function binaryCrossEntropy(logits: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  let loss = 0;
  for (let i = 0; i < labels.length; i++) {
    const x = logits[i];
    loss += Math.max(x, 0) - x * labels[i] + Math.log1p(Math.exp(-Math.abs(x)));
  }
  const mean = loss / labels.length;
  return Number.isFinite(mean) ? mean : null;
}

/** How often a label was given, is there, and both; and how well scores rank those that have it above the others. */
function countsOf(scores: Float64Array, labels: Float64Array) {
  const support = labels.reduce((sum, label) => sum + label, 0);
  const given = scores.reduce((sum, score) => sum + (score > 0 ? 1 : 0), 0);
  const right = scores.reduce((sum, score, i) => sum + (score > 0 ? labels[i] : 0), 0);
  return { support, given, right, averagePrecision: averagePrecision(scores, labels) };
}

/**
 * The sum over thresholds of (recall now - recall before) times precision, as scikit-learn's average_precision_score: equal
 * scores share a threshold. Null without a positive.
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  const order = Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const positives = order.reduce((sum, i) => sum + labels[i], 0);
  if (positives === 0) return null;
  let [found, foundBefore, area] = [0, 0, 0];
  for (const [rank, i] of order.entries()) {
    found += labels[i];
    const isLast = rank + 1 === order.length || scores[order[rank + 1]] < scores[i];
    if (!isLast) continue;
    area += ((found - foundBefore) / positives) * (found / (rank + 1));
    foundBefore = found;
  }
  return area;
}

function f1Of(right: number, given: number, support: number): number | null {
  return given + support === 0 ? null : (2 * right) / (given + support);
}

function meanOfKnown(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : known.reduce((sum, figure) => sum + figure, 0) / known.length;
}
