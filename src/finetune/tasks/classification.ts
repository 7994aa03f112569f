/** The task of telling which of some classes an image shows: a logit for each, and their cross-entropy. */
import { classWeights, type LabelledImage } from '../../data/index.js';
import { argmax, crossEntropyLosses } from '../../ops/index.js';
import { tensor } from '../../tensor/tensor.js';
import { fitTemperature } from '../evaluation/calibration.js';
import { classWeightsPower } from '../recipe/choices.js';
import { LOGISTIC_STRENGTHS, LogisticProblem } from '../heads/logistic-head.js';
import { topPredictions } from '../evaluation/top-predictions.js';
import { accuracyOf, computeAccuracy, computeMetrics } from '../evaluation/metrics.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { Targets, Task } from './task.js';

export function classification(classes: readonly string[]): Task {
  const count = classes.length;
  return {
    info: { kind: 'classification', classes },
    names: classes,
    document: { classes },
    summary: `${count} classes: ${listed(classes)}`,
    detailOf: (smallest) => ` (${smallest} in the smallest class)`,
    get ofExports() {
      return this;
    },

    targets: labelsOf,
    blankTargets: (images) => new Int32Array(images),
    namesWithout(images) {
      const present = new Set(images.map(({ label }) => label));
      return classes.filter((_, label) => !present.has(label));
    },
    classWeights: (images, recipe) => weightsOfClasses(images, count, recipe),
    imageWeights(images, recipe) {
      const weights = weightsOfClasses(images, count, recipe);
      return Float32Array.from(images, ({ label }) => weights?.[label] ?? 1);
    },
    losses(logits, labels, { label_smoothing }, weights) {
      if (label_smoothing === 0 || weights === null)
        return crossEntropyLosses(logits, tensor(labels, [labels.length], 'int32'), label_smoothing);
      const targets = smoothedTargets(labels, weights, label_smoothing);
      return crossEntropyLosses(logits, tensor(targets, [labels.length, count], 'float32'));
    },
    predictions: argmax,
    countRight,

    guessedLoss: Math.log(count),

    headName: 'logistic',
    strengths: LOGISTIC_STRENGTHS,
    headProblem: (device, set, _images, scale, problems) =>
      new LogisticProblem(device, set, scale, count, problems),

    score: (logits, images) => computeAccuracy(logits, labelsOf(images), count),
    scorePredictions: (predicted, loss, images) =>
      accuracyOf(countRight(predicted, labelsOf(images)), loss, images.length),
    isBetter(score, best) {
      const [now, before] = [score.accuracy ?? null, best?.val_accuracy ?? null];
      if (now === null || before === null) return now !== null;
      // As accurate, it has to have less loss.
      return now > before || (now === before && (score.loss ?? Infinity) < (best?.val_loss ?? Infinity));
    },
    best(epoch, { accuracy = null, loss, interval = null }, logits, images) {
      if (images.length === 0) return null;
      const temperature = fitTemperature({ scores: logits, labels: labelsOf(images), classes: count });
      return {
        epoch,
        val_accuracy: accuracy,
        val_loss: loss,
        interval: interval && [...interval],
        temperature,
      };
    },
    trainRecord: ({ correct, images }) => ({ train_accuracy: correct / images }),
    valRecord: (score) => ({ val_accuracy: score?.accuracy ?? null }),
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
  };
}

/** Classes that are named; by these one sees whether it is the right folder. */
const MOST_NAMED = 10;

function listed(classes: readonly string[]): string {
  const more = classes.length - MOST_NAMED;
  const some = classes.slice(0, MOST_NAMED).join(', ');
  return more > 0 ? `${some} and ${more} more` : some;
}

function labelsOf(images: readonly LabelledImage[]): Int32Array {
  return Int32Array.from(images, ({ label }) => label);
}

function weightsOfClasses(
  images: readonly LabelledImage[],
  classes: number,
  { class_weights }: Pick<Recipe, 'class_weights'>,
): Float64Array | null {
  const power = classWeightsPower(class_weights) ?? 0;
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
