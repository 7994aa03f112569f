/**
 * The task of telling values of an image: a number for each column of a CSV file, and the mean squared error.
 *
 * The network is trained on standardised values, so that rates mean the same whatever the unit and columns of different
 * units count the same: target = (value - mean) / deviation, both of the training images. An export has the two in its
 * head (checkpoint.ts) and gives values in the columns' own units.
 */
import type { LabelledImage } from '../../data/index.js';
import { AttuneError } from '../../errors.js';
import { mean, square, subtract } from '../../ops/index.js';
import { tensor } from '../../tensor/tensor.js';
import { RIDGE_STRENGTHS, RidgeProblem } from '../heads/ridge-head.js';
import { type Column, computeRegressionMetrics } from '../evaluation/regression-metrics.js';
import type { Task } from './task.js';

/**
 * Names of columns with mean and deviation of the values of the training images. Throws AttuneError 'data' for a column
 * of one value.
 */
export function columnsOf(
  names: readonly string[],
  images: readonly LabelledImage[],
  where: string,
): Column[] {
  return names.map((name, c) => {
    const values = images.map((image) => valuesOf(image)[c]);
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
    const deviation = Math.sqrt(variance);
    if (values.some((value) => value !== values[0]) && deviation > 0) return { name, mean, deviation };
    throw new AttuneError({
      code: 'data',
      what: `all training images have the same value of ${name}, ${values[0]}`,
      where,
      hint: 'leave the column out with --target, or add images',
    });
  });
}

/**
 * @param inUnits whether outputs are values in the columns' units, as those of an export, and not standardised ones
 */
export function regression(columns: readonly Column[], inUnits = false): Task {
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
  const metrics: Task['metrics'] = (outputs, images) =>
    computeRegressionMetrics(inUnitsOf(outputs), images.flatMap(valuesOf), columns);
  const score: Task['score'] = (outputs, images) => {
    const { loss, mae, r2 } = metrics(outputs, images, null) as ReturnType<typeof computeRegressionMetrics>;
    return { loss, mae, r2 };
  };
  return {
    info: { kind: 'regression', columns },
    names,
    document: { columns: names },
    summary: `${count} ${count === 1 ? 'column' : 'columns'} of values: ${columns.map(describe).join(', ')}`,
    detailOf: () => '',
    get ofExports() {
      return regression(columns, true);
    },

    targets: targetsOf,
    blankTargets: (images) => new Float32Array(images * count),
    namesWithout: () => [],
    classWeights: () => null,
    imageWeights: (images) => new Float32Array(images.length).fill(1),
    losses: (outputs, targets) =>
      mean(square(subtract(outputs, tensor(targets, [targets.length / count, count], 'float32'))), 1),
    predictions: (outputs) => outputs,
    countRight: () => 0,

    // The variance of standardised values.
    guessedLoss: 1,

    headName: 'ridge',
    strengths: RIDGE_STRENGTHS,
    headProblem: (device, set, images, scale, problems) =>
      new RidgeProblem(device, set, targetsOf(images), scale, count, problems),

    score,
    scorePredictions: (outputs, _loss, images) => score(outputs, images),
    isBetter: ({ loss }, best) => loss !== null && loss < (best?.val_loss ?? Infinity),
    best: (epoch, { loss, mae, r2 }, _outputs, images) =>
      images.length === 0 ? null : { epoch, val_loss: loss, val_mae: mae, val_r2: r2 },
    trainRecord: () => ({}),
    valRecord: (score) => ({ val_mae: score?.mae ?? null, val_r2: score?.r2 ?? null }),
    bestRecord: (best, epoch) => ({
      epoch: best?.epoch ?? epoch,
      val_loss: best?.val_loss ?? null,
      val_mae: best?.val_mae ?? null,
      val_r2: best?.val_r2 ?? null,
    }),
    meanOfViews: (rows) =>
      Float32Array.from(names, (_, c) => rows.reduce((sum, row) => sum + row[c] / rows.length, 0)),
    metrics,
    answer: (outputs) => ({
      values: Object.fromEntries(Array.from(inUnitsOf(outputs), (value, c) => [names[c], value])),
    }),
  };
}

/**
 * Turns a head for standardised values into one for values in the columns' units: weight [columns, inputs] (PyTorch's
 * layout) and bias [columns] times the deviations, plus the means. In place.
 */
export function putIntoUnits(weight: Float32Array, bias: Float32Array, columns: readonly Column[]): void {
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

/** Every image of a file of values has them. */
function valuesOf({ values, path }: LabelledImage): readonly number[] {
  if (values !== undefined) return values;
  throw new AttuneError({ code: 'internal', what: 'the image has no values', where: path });
}
