/**
 * How well the features of a frozen network tell the classes apart, and which labels it doubts.
 *
 * Both follow from logits that are held out: each image is judged by a logistic head that was fitted to the other
 * folds, so no head has seen the label that it judges (Northcutt, Jiang and Chuang, Confident Learning, 2021).
 */
import { stratifiedFolds } from '../../inputs/index.js';
import type { Device } from '../../program/device.js';
import { type FeatureSet, featureScale } from '../../tasks/heads/head-problem.js';
import { chooseStrength, HEAD_FOLDS } from '../../training/heads/l2-strength.js';
import { LOGISTIC_STRENGTHS, LogisticProblem } from '../../tasks/heads/logistic-head.js';
import { applyHead, linearLayer } from '../../training/heads/stored-heads.js';
import { softmaxRows } from '../../tasks/metrics/scores.js';

/** An image whose label is doubted. */
export interface Doubt {
  /** Its place in the set. */
  readonly index: number;
  /** The likeliest class besides that of its label. */
  readonly likeliest: number;
  /** Held-out probabilities of the label and of that class. */
  readonly ofLabel: number;
  readonly ofLikeliest: number;
}

export interface HeldOut {
  /** Share of the images whose label is the likeliest class. */
  readonly accuracy: number;
  readonly right: number;
  /** All images, the most doubtful first: by the probability of the label less that of the likeliest other class. */
  readonly doubts: readonly Doubt[];
}

export interface HeldOutOptions {
  readonly device: Device;
  readonly classes: number;
  readonly seed: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Judges every row of `set`, which has at least two. Throws 'interrupted' when the signal is aborted. */
export async function judgeHeldOut(
  set: FeatureSet,
  { device, classes, seed, onProgress, signal }: HeldOutOptions,
): Promise<HeldOut> {
  const folds = Math.min(HEAD_FOLDS, set.labels.length);
  const fold = stratifiedFolds(set.labels, folds, seed);
  const problem = new LogisticProblem(device, set, featureScale(set), classes, folds);
  const { heads } = await chooseStrength(problem, LOGISTIC_STRENGTHS, fold, onProgress, signal).finally(() =>
    problem.close(),
  );
  const logits = new Float32Array(set.labels.length * classes);
  for (const [f, head] of heads.entries()) {
    const rows = Array.from(fold.keys()).filter((row) => fold[row] === f);
    const of = await applyHead(linearLayer(head), rowsOf(set, rows), device, signal);
    rows.forEach((row, i) => {
      logits.set(of.subarray(i * classes, (i + 1) * classes), row * classes);
    });
  }
  const probabilities = softmaxRows({ scores: logits, labels: set.labels, classes });
  const doubts = Array.from(set.labels, (label, index) => doubtOf(probabilities, classes, index, label));
  const right = doubts.filter(({ ofLabel, ofLikeliest }) => ofLabel > ofLikeliest).length;
  doubts.sort((a, b) => a.ofLabel - a.ofLikeliest - (b.ofLabel - b.ofLikeliest) || a.index - b.index);
  return { accuracy: right / doubts.length, right, doubts };
}

function doubtOf(probabilities: ArrayLike<number>, classes: number, index: number, label: number): Doubt {
  const of = (c: number) => probabilities[index * classes + c];
  let likeliest = label === 0 ? 1 : 0;
  for (let c = 0; c < classes; c++) if (c !== label && of(c) > of(likeliest)) likeliest = c;
  return { index, likeliest, ofLabel: of(label), ofLikeliest: of(likeliest) };
}

function rowsOf({ values, labels, length }: FeatureSet, rows: readonly number[]): FeatureSet {
  const some = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    some.set(values.subarray(row * length, (row + 1) * length), i * length);
  });
  return { values: some, labels: Int32Array.from(rows, (row) => labels[row]), length };
}
