/**
 * The task of telling which of some labels a sample has, any number of them: a logit x for each label, the probability
 * 1 / (1 + e^-x) of each by itself, and their mean binary cross-entropy, as torch.nn.BCEWithLogitsLoss takes it. A label is
 * given where its probability is above 0.5.
 *
 * Class weights, balanced sampling and label smoothing are refused: they are about samples of one class each.
 */
import { listed } from '../text.js';
import * as v from 'valibot';
import type { LabelledImage } from '../inputs/index.js';
import { tensor } from '../tensor/tensor.js';
import { AttuneError } from '../errors.js';
import { maxOf } from '../extremes.js';
import { binaryCrossEntropies, LabelProblem, pairsOf } from './heads/label-head.js';
import { LOGISTIC_STRENGTHS } from './heads/logistic-head.js';
import { LABEL_ANSWERS } from './label-answers.js';
import { computeLabelMetrics, exactMatches, type MultiLabelMetrics } from './metrics/label-metrics.js';
import { bestByMeasures, LOSS, type Measure, type Measures, type Score } from './measure.js';
import type { TaskOf, TaskRow } from './task.js';

/** What a model says of one label. */
export interface LabelPrediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  /** As the network gives it. */
  readonly logit: number;
}

/** The plain data of a multi-label classification. */
export interface MultiLabelTypes {
  readonly info: { readonly kind: 'multi-label'; readonly classes: readonly string[] };
  readonly document: { readonly classes: readonly string[] };
  readonly best: {
    readonly epoch: number;
    readonly val_loss: number | null;
    readonly val_mean_average_precision: number | null;
    readonly val_micro_f1: number | null;
    readonly val_exact_match: number | null;
  };
  readonly metrics: MultiLabelMetrics;
  readonly answer: {
    /** Those whose probability is above 0.5, the likeliest first. */
    readonly labels: readonly string[];
    /** All of them, the likeliest first. */
    readonly predictions: readonly LabelPrediction[];
  };
}

const MEAN_AVERAGE_PRECISION: Measure<MultiLabelMetrics> = {
  key: 'mean_average_precision',
  name: 'mean average precision',
  better: 'higher',
  format: { decimals: 4 },
  of: (metrics) => metrics.mean_average_precision,
};
const MICRO_F1: Measure<MultiLabelMetrics> = {
  key: 'micro_f1',
  name: 'micro F1',
  better: 'higher',
  format: { decimals: 3 },
  of: (metrics) => metrics.micro_f1,
};
const MACRO_F1: Measure<MultiLabelMetrics> = {
  key: 'macro_f1',
  name: 'macro F1',
  better: 'higher',
  format: { decimals: 3 },
  of: (metrics) => metrics.macro_f1,
};
const EXACT_MATCH: Measure<MultiLabelMetrics> = {
  key: 'exact_match',
  name: 'exact match',
  better: 'higher',
  format: 'percent',
  of: (metrics) => metrics.exact_match,
};

const MEASURES: Measures<MultiLabelMetrics> = {
  epoch: [MEAN_AVERAGE_PRECISION, MICRO_F1, EXACT_MATCH],
  training: [EXACT_MATCH],
  fold: [LOSS, MEAN_AVERAGE_PRECISION, MICRO_F1, MACRO_F1, EXACT_MATCH],
  ranking: [LOSS],
  rightShare: EXACT_MATCH,
};

export const MULTI_LABEL: TaskRow<MultiLabelTypes> = {
  schema: v.strictObject({
    kind: v.literal('multi-label'),
    classes: v.pipe(v.array(v.string()), v.minLength(1)),
  }),
  named: 'classes',
  measures: MEASURES,
  isSquared: false,
  withoutClasses: ({ label }) => ({
    what: `this is for one class each, and several labels each are learnt (${label})`,
    hint: 'leave it out',
  }),
  answers: LABEL_ANSWERS,
  create: ({ classes }) => multiLabel(classes),
};

/** A task over some labels. */
export function multiLabel(classes: readonly string[]): TaskOf<MultiLabelTypes> {
  const count = classes.length;
  const targetsOf = (images: readonly LabelledImage[]) => {
    const targets = new Float32Array(images.length * count);
    for (const [i, image] of images.entries())
      for (const place of placesOf(image)) targets[i * count + place] = 1;
    return targets;
  };
  const metrics = (logits: ArrayLike<number>, images: readonly LabelledImage[]) =>
    computeLabelMetrics(logits, targetsOf(images), classes);
  const score = (logits: ArrayLike<number>, images: readonly LabelledImage[]): Score => {
    const found = metrics(logits, images);
    return {
      loss: found.loss,
      values: Object.fromEntries(MEASURES.epoch.map(({ key, of }) => [key, of(found)])),
    };
  };
  const ranked = (logits: ArrayLike<number>): LabelPrediction[] =>
    classes
      .map((label, index) => {
        const logit = logits[index];
        return { label, index, probability: 1 / (1 + Math.exp(-logit)), logit };
      })
      .sort((a, b) => b.logit - a.logit || a.index - b.index);
  const named = (places: readonly number[]) =>
    places.length === 0 ? 'none' : places.map((place) => classes[place]).join(', ');
  const given = (logits: ArrayLike<number>) => ranked(logits).filter(({ logit }) => logit > 0);
  return {
    info: { kind: 'multi-label', classes },
    names: classes,
    head: { on: 'pooled', outputs: count },
    plural: 'labels',
    classes: null,
    document: { classes },
    summary: `${count} ${count === 1 ? 'label' : 'labels'}, any number of them each: ${listed(classes)}`,
    detailOf: () => '',
    get ofExports() {
      return this;
    },
    measures: MEASURES,

    targets: targetsOf,
    isAnswered: ({ values }) =>
      values?.every(
        (place, i) => Number.isInteger(place) && place < count && place > (i === 0 ? -1 : values[i - 1]),
      ) === true,
    blankTargets: (images) => new Float32Array(images * count),
    // Labels occur together in too many ways for every one to be in every part.
    namesWithout: () => [],
    lack: (images) => lackText(classes, images),
    classWeights: () => null,
    imageWeights: (images) => new Float32Array(images.length).fill(1),
    losses: (outputs, targets) =>
      binaryCrossEntropies(outputs, tensor(pairsOf(targets), [targets.length, 2], 'float32')),
    predictions: (outputs) => outputs,
    countRight: (predicted, targets) => exactMatches(predicted, targets, count),
    trainValues: ({ correct, images }) => ({ exact_match: correct / images }),

    guessedLoss: Math.LN2,

    headName: 'one-vs-rest logistic',
    strengths: LOGISTIC_STRENGTHS,
    headProblem: (device, set, images, scale, problems) =>
      new LabelProblem(device, set, pairsOf(targetsOf(images)), scale, count, problems),

    score,
    scorePredictions: (logits, _loss, images) => score(logits, images),
    ...bestByMeasures<MultiLabelTypes['best']>(MEASURES),
    meanOfViews: (rows) =>
      Float32Array.from(classes, (_, c) => logitOfMeanProbability(rows.map((row) => row[c]))),
    metrics,
    answer: (logits) => ({
      labels: given(logits).map(({ label }) => label),
      predictions: ranked(logits),
    }),
    truth: (image) => named(placesOf(image)),
    caption: (image) => named(placesOf(image)),
    said: (logits) => named(given(logits).map(({ index }) => index)),
    topRefusal: 'the model gives the probability of each label by itself, of which all are shown',
    activation: 'sigmoid',
    exportHead: null,
  };
}

/** The labels that only other parts have. */
function lackText(classes: readonly string[], images: readonly LabelledImage[]): string | null {
  const shown = new Set(images.flatMap(placesOf));
  const lacking = classes.filter((_, place) => !shown.has(place));
  if (lacking.length === 0) return null;
  return `Note: no sample that trains has ${lacking.length === 1 ? 'the label' : 'one of the labels'} ${listed(lacking)}, so that the network never gives ${lacking.length === 1 ? 'it' : 'them'}.`;
}

/** ln p - ln(1 - p) of the mean p of some probabilities 1 / (1 + e^-x), by logarithms, so that none is lost. */
function logitOfMeanProbability(logits: readonly number[]): number {
  return logOfSum(logits.map((x) => -softplus(-x))) - logOfSum(logits.map((x) => -softplus(x)));
}

/** ln(1 + e^x). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The logarithm of the sum of e^x. */
function logOfSum(values: readonly number[]): number {
  const largest = maxOf(values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** Every sample of a file of labels has them, if only none. */
function placesOf({ values, path }: Pick<LabelledImage, 'values' | 'path'>): readonly number[] {
  if (values !== undefined) return values;
  throw new AttuneError({ code: 'internal', what: 'the sample has no list of labels', where: path });
}
