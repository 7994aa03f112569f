/** The task of telling which of some classes an image shows: a logit for each, and their cross-entropy. */
import { listed } from '../text.js';
import * as v from 'valibot';
import { classWeights, type LabelledImage } from '../inputs/index.js';
import { argmax, crossEntropyLosses } from '../ops/index.js';
import { tensor } from '../tensor/tensor.js';
import { CLASS_ANSWERS } from './class-answers.js';
import { fitTemperature } from './metrics/calibration.js';
import { LOGISTIC_STRENGTHS, LogisticProblem } from './heads/logistic-head.js';
import { type Prediction, topPredictions } from './metrics/top-predictions.js';
import {
  accuracyOf,
  computeAccuracy,
  computeMetrics,
  type Accuracy,
  type Metrics,
} from './metrics/metrics.js';
import { LOSS, type Measure, type Measures, type Score } from './measure.js';
import type { Targets, TaskOf, TaskRow } from './task.js';

/** The plain data of a classification. */
export interface ClassificationTypes {
  readonly info: { readonly kind: 'classification'; readonly classes: readonly string[] };
  readonly document: { readonly classes: readonly string[] };
  readonly best: {
    readonly epoch: number;
    readonly val_accuracy: number | null;
    readonly interval: readonly [number, number] | null;
  };
  readonly metrics: Metrics;
  readonly answer: { readonly predictions: readonly Prediction[] };
}

const ACCURACY: Measure<Metrics> = {
  key: 'accuracy',
  name: 'accuracy',
  better: 'higher',
  format: 'percent',
  of: ({ accuracy }) => accuracy,
};

const MEASURES: Measures<Metrics> = {
  epoch: [ACCURACY],
  training: [ACCURACY],
  // As accurate, an epoch has to have less loss.
  ranking: [ACCURACY, LOSS],
  rightShare: ACCURACY,
  fold: [
    LOSS,
    ACCURACY,
    {
      key: 'balanced_accuracy',
      name: 'balanced accuracy',
      better: 'higher',
      format: 'percent',
      of: (metrics) => metrics.balanced_accuracy,
    },
    {
      key: 'macro_f1',
      name: 'macro F1',
      better: 'higher',
      format: { decimals: 3 },
      of: ({ macro }) => macro?.f1 ?? null,
    },
    { key: 'auc', name: 'AUC', better: 'higher', format: { decimals: 4 }, of: ({ auc }) => auc },
    {
      key: 'brier',
      name: "Brier's score",
      better: 'lower',
      format: { decimals: 4 },
      of: ({ brier }) => brier,
    },
  ],
};

export const CLASSIFICATION: TaskRow<ClassificationTypes> = {
  schema: v.strictObject({
    kind: v.literal('classification'),
    classes: v.pipe(v.array(v.string()), v.minLength(1)),
  }),
  named: 'classes',
  measures: MEASURES,
  isSquared: false,
  withoutClasses: null,
  answers: CLASS_ANSWERS,
  create: ({ classes }) => classification(classes),
};

export function classification(classes: readonly string[]): TaskOf<ClassificationTypes> {
  const count = classes.length;
  return {
    info: { kind: 'classification', classes },
    names: classes,
    head: { on: 'pooled', outputs: count },
    plural: 'classes',
    classes,
    document: { classes },
    summary: `${count} classes: ${listed(classes)}`,
    detailOf: (smallest) => ` (${smallest} in the smallest class)`,
    get ofExports() {
      return this;
    },
    measures: MEASURES,

    targets: labelsOf,
    isAnswered: ({ label, values }) => label < count && values === undefined,
    blankTargets: (images) => new Int32Array(images),
    namesWithout(images) {
      const present = new Set(images.map(({ label }) => label));
      return classes.filter((_, label) => !present.has(label));
    },
    classWeights: (images, power) => weightsOfClasses(images, count, power),
    imageWeights(images, power) {
      const weights = weightsOfClasses(images, count, power);
      return Float32Array.from(images, ({ label }) => weights?.[label] ?? 1);
    },
    losses(logits, labels, { labelSmoothing }, weights) {
      if (labelSmoothing === 0 || weights === null)
        return crossEntropyLosses(logits, tensor(labels, [labels.length], 'int32'), labelSmoothing);
      const targets = smoothedTargets(labels, weights, labelSmoothing);
      return crossEntropyLosses(logits, tensor(targets, [labels.length, count], 'float32'));
    },
    predictions: argmax,
    countRight,
    trainValues: ({ correct, images }) => ({ accuracy: correct / images }),

    guessedLoss: Math.log(count),

    headName: 'logistic',
    strengths: LOGISTIC_STRENGTHS,
    headProblem: (device, set, _images, scale, problems) =>
      new LogisticProblem(device, set, scale, count, problems),

    score: (logits, images) => scoreOf(computeAccuracy(logits, labelsOf(images), count)),
    scorePredictions: (predicted, loss, images) =>
      scoreOf(accuracyOf(countRight(predicted, labelsOf(images)), loss, images.length)),
    best(epoch, { values, loss, interval = null }, logits, images) {
      if (images.length === 0) return null;
      const temperature = fitTemperature({ scores: logits, labels: labelsOf(images), classes: count });
      return {
        epoch,
        val_accuracy: values['accuracy'] ?? null,
        val_loss: loss,
        interval: interval && [...interval],
        temperature,
      };
    },
    bestRecord: (best, epoch) => ({
      epoch: best?.epoch ?? epoch,
      val_accuracy: best?.val_accuracy ?? null,
      interval: best?.interval ?? null,
    }),
    meanOfViews: logOfMeanProbabilities,
    metrics: (logits, images, best) =>
      computeMetrics(logits, labelsOf(images), classes, best?.temperature ?? null),
    answer: (logits, { top, temperature }) => ({
      predictions: topPredictions(logits, classes, top, temperature ?? 1),
    }),
    truth: ({ label }) => classes[label],
    caption: ({ label }) => classes[label],
    said: (logits, temperature) => topPredictions(logits, classes, 1, temperature ?? 1)[0].label,
    topRefusal: null,
    activation: 'softmax',
    exportHead: null,
  };
}

function scoreOf({ loss, accuracy, interval }: Accuracy): Score {
  return { loss, values: { accuracy }, interval };
}

function labelsOf(images: readonly LabelledImage[]): Int32Array {
  return Int32Array.from(images, ({ label }) => label);
}

function weightsOfClasses(
  images: readonly LabelledImage[],
  classes: number,
  power: number,
): Float64Array | null {
  return power === 0 ? null : classWeights(labelsOf(images), classes, { power });
}

/**
 * Targets [n, classes] of labels y under class weights w and label smoothing s, as torch.nn.functional.cross_entropy has
 * them: its loss of an image is
 *
 *     (1 - s) w_y (-ln p_y) + s / classes (sum over c of w_c (-ln p_c)),
 *
 * and that of a batch the sum of these over that of the w_y. So a class weighs as itself also where it is only asked for
 * by smoothing. The weight w_y of the image is taken out here, for its share of the batch has it.
 */
function smoothedTargets(labels: Targets, weights: ArrayLike<number>, smoothing: number): Float64Array {
  const classes = weights.length;
  const targets = new Float64Array(labels.length * classes);
  for (const [i, label] of labels.entries()) {
    for (let c = 0; c < classes; c++) {
      const others = (smoothing * weights[c]) / (classes * weights[label]);
      targets[i * classes + c] = (c === label ? 1 - smoothing : 0) + others;
    }
  }
  return targets;
}

/**
 * Logits whose probabilities at a temperature are the means of those of some rows at it; by logarithms, so that none is
 * lost. The temperature was fitted on single views: it makes each of them as sure as it is right, and not their mean.
 */
function logOfMeanProbabilities(
  rows: readonly ArrayLike<number>[],
  temperature: number | null,
): Float32Array {
  const scale = temperature ?? 1;
  const logarithms = rows.map((row) => {
    const scaled = Array.from(row, (logit) => logit / scale);
    const largest = largestOf(scaled);
    const shifted = scaled.map((logit) => logit - largest);
    const total = logOfSum(shifted);
    return shifted.map((logit) => logit - total);
  });
  return Float32Array.from(
    logarithms[0],
    (_, c) => scale * (logOfSum(logarithms.map((row) => row[c])) - Math.log(rows.length)),
  );
}

/** The logarithm of the sum of e^x. */
function logOfSum(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const largest = largestOf(all);
  return largest + Math.log(all.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

function largestOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function countRight(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) right++;
  return right;
}
