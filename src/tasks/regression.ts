/**
 * The task of telling values of an image: a number for each column of a CSV file, and the mean squared error.
 *
 * The network is trained on standardised values, so that rates mean the same whatever the unit and columns of different
 * units count the same: target = (value - mean) / deviation, both of the training images. An export has the two in its
 * head (checkpoint.ts) and gives values in the columns' own units.
 */
import * as v from 'valibot';
import type { LabelledImage } from '../inputs/index.js';
import { mean, square, subtract } from '../ops/index.js';
import { tensor } from '../tensor/tensor.js';
import { VALUE_ANSWERS, valuesOf } from './value-answers.js';
import { RIDGE_STRENGTHS, RidgeProblem } from './heads/ridge-head.js';
import {
  type Column,
  computeRegressionMetrics,
  type RegressionReport,
} from './metrics/regression-metrics.js';
import { bestByMeasures, LOSS, type Measure, type Measures, type Score } from './measure.js';
import type { TaskOf, TaskRow } from './task.js';

/** The plain data of a regression. */
export interface RegressionTypes {
  readonly info: { readonly kind: 'regression'; readonly columns: readonly Column[] };
  readonly document: { readonly columns: readonly string[] };
  readonly best: {
    readonly epoch: number;
    readonly val_loss: number | null;
    readonly val_mae: number | null;
    readonly val_r2: number | null;
  };
  readonly metrics: RegressionReport;
  /** By column, in its unit. */
  readonly answer: { readonly values: Readonly<Record<string, number>> };
}

const R2: Measure<RegressionReport> = {
  key: 'r2',
  name: 'R²',
  better: 'higher',
  format: { decimals: 4 },
  of: ({ r2 }) => r2,
};

/** Errors of several columns are in several units, so that their mean says nothing: there is none. */
const MAE: Measure<RegressionReport> = {
  key: 'mae',
  name: 'MAE',
  better: 'lower',
  format: 'measured',
  of: ({ mae, per_column }) => (per_column.length > 1 ? null : mae),
};
const RMSE: Measure<RegressionReport> = {
  key: 'rmse',
  name: 'RMSE',
  better: 'lower',
  format: 'measured',
  of: ({ rmse, per_column }) => (per_column.length > 1 ? null : rmse),
};

const MEASURES: Measures<RegressionReport> = {
  epoch: [MAE, R2],
  training: [],
  fold: [LOSS, MAE, RMSE, R2],
  ranking: [LOSS],
  rightShare: null,
};

const finite = v.pipe(v.number(), v.finite());

export const REGRESSION: TaskRow<RegressionTypes> = {
  schema: v.strictObject({
    kind: v.literal('regression'),
    columns: v.pipe(
      v.array(v.strictObject({ name: v.string(), mean: finite, deviation: v.pipe(finite, v.gtValue(0)) })),
      v.minLength(1),
      // Answers are told by column: of two with one name, one would be lost.
      v.check((columns) => new Set(columns.map(({ name }) => name)).size === columns.length),
    ),
  }),
  named: 'columns',
  measures: MEASURES,
  isSquared: true,
  withoutClasses: ({ target }) => {
    const columns = target ?? [];
    const which = columns.length > 3 ? `${columns.length} columns` : columns.join(', ');
    return {
      what: `this is for classes, and values are learnt (${which})`,
      hint: 'leave it out, or name a column of labels with --label',
    };
  },
  answers: VALUE_ANSWERS,
  create: ({ columns }) => regression(columns),
};

/**
 * @param inUnits whether outputs are values in the columns' units, as those of an export, and not standardised ones
 */
export function regression(columns: readonly Column[], inUnits = false): TaskOf<RegressionTypes> {
  const count = columns.length;
  const names = columns.map(({ name }) => name);
  const targetsOf = (images: readonly LabelledImage[]) =>
    Float32Array.from(
      images.flatMap((image) =>
        valuesOf(image).map((value, c) => (value - columns[c].mean) / columns[c].deviation),
      ),
    );
  const inUnitsOf = (outputs: ArrayLike<number>) =>
    Float64Array.from(outputs, (output, i) => {
      const { mean, deviation } = columns[i % count];
      return inUnits ? output : output * deviation + mean;
    });
  const metrics = (outputs: ArrayLike<number>, images: readonly LabelledImage[]) =>
    computeRegressionMetrics(inUnitsOf(outputs), images.flatMap(valuesOf), columns);
  const score = (outputs: ArrayLike<number>, images: readonly LabelledImage[]): Score => {
    const { loss, mae, r2 } = metrics(outputs, images);
    return { loss, values: { mae, r2 } };
  };
  return {
    info: { kind: 'regression', columns },
    names,
    head: { on: 'pooled', outputs: count },
    plural: 'columns',
    classes: null,
    document: { columns: names },
    summary: `${count} ${count === 1 ? 'column' : 'columns'} of values: ${columns.map(describe).join(', ')}`,
    detailOf: () => '',
    get ofExports() {
      return regression(columns, true);
    },
    measures: MEASURES,

    targets: targetsOf,
    isAnswered: ({ values }) => values?.length === count,
    blankTargets: (images) => new Float32Array(images * count),
    namesWithout: () => [],
    classWeights: () => null,
    imageWeights: (images) => new Float32Array(images.length).fill(1),
    losses: (outputs, targets) =>
      mean(square(subtract(outputs, tensor(targets, [targets.length / count, count], 'float32'))), 1),
    predictions: (outputs) => outputs,
    countRight: () => 0,
    trainValues: () => ({}),

    // The variance of standardised values.
    guessedLoss: 1,

    headName: 'ridge',
    strengths: RIDGE_STRENGTHS,
    headProblem: (device, set, images, scale, problems) =>
      new RidgeProblem(device, set, targetsOf(images), scale, count, problems),

    score,
    scorePredictions: (outputs, _loss, images) => score(outputs, images),
    ...bestByMeasures<RegressionTypes['best']>(MEASURES),
    meanOfViews: (rows) =>
      Float32Array.from(names, (_, c) => rows.reduce((sum, row) => sum + row[c] / rows.length, 0)),
    metrics,
    answer: (outputs) => ({
      values: Object.fromEntries(Array.from(inUnitsOf(outputs), (value, c) => [names[c], value])),
    }),
    truth: (image) => valuesOf(image).map(rounded).join(' '),
    caption: (image) =>
      valuesOf(image)
        .map((value, c) => `${names[c]} ${value}`)
        .join(', '),
    said: (outputs) => Array.from(inUnitsOf(outputs), rounded).join(' '),
    topRefusal: 'the model gives values, of which all are shown',
    activation: 'linear',
    exportHead: (weight, bias) => putIntoUnits(weight, bias, columns),
  };
}

/**
 * Turns a head for standardised values into one for values in the columns' units: weight [columns, inputs] (PyTorch's
 * layout) and bias [columns] times the deviations, plus the means. In place.
 */
function putIntoUnits(weight: Float32Array, bias: Float32Array, columns: readonly Column[]): void {
  const inputs = weight.length / columns.length;
  for (const [c, { mean, deviation }] of columns.entries()) {
    for (let i = c * inputs; i < (c + 1) * inputs; i++) weight[i] *= deviation;
    bias[c] = bias[c] * deviation + mean;
  }
}

function describe({ name, mean, deviation }: Column): string {
  return `${name} (${rounded(mean)} ± ${rounded(deviation)})`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
