/** How good predicted values are: what `evaluate` answers of a regression, and what a run says of its test images. */
import { type RegressionMetrics, regressionMetrics } from './scores.js';

/** A column of values, with what its targets are standardised by. */
export interface Column {
  readonly name: string;
  /** Mean and deviation of the training images. */
  readonly mean: number;
  readonly deviation: number;
}

/** The metrics of one column, in its unit. */
export interface ColumnMetrics extends RegressionMetrics {
  readonly column: string;
}

/**
 * How good the predictions of a set of images are. Figures of several columns are means over them, as scikit-learn's
 * with `multioutput='uniform_average'`; what no images tell is null.
 */
export interface RegressionReport {
  readonly images: number;
  /** Mean squared error of standardised values: what training minimises. 1 is that of the training images' mean. */
  readonly loss: number | null;
  readonly mse: number | null;
  readonly mae: number | null;
  readonly rmse: number | null;
  /** Null, too, when a column has one value only. */
  readonly r2: number | null;
  readonly per_column: readonly ColumnMetrics[];
}

/** Metrics of `predictions` [images, columns] (row-major) against `values`, both in the columns' units. */
export function computeRegressionMetrics(
  predictions: ArrayLike<number>,
  values: ArrayLike<number>,
  columns: readonly Column[],
): RegressionReport {
  const images = values.length / columns.length;
  const perColumn =
    images === 0
      ? []
      : columns.map(({ name }, c) => {
          const own = (all: ArrayLike<number>) =>
            Array.from({ length: images }, (_, i) => all[i * columns.length + c]);
          return { column: name, ...regressionMetrics(own(predictions), own(values)) };
        });
  const average = (of: (metrics: ColumnMetrics, c: number) => number | null): number | null => {
    const figures = perColumn.map(of);
    const known = figures.filter((figure) => figure !== null);
    if (figures.length === 0 || known.length < figures.length) return null;
    const average = known.reduce((sum, figure) => sum + figure, 0) / known.length;
    return Number.isFinite(average) ? average : null;
  };
  return {
    images,
    loss: average(({ mse }, c) => mse / columns[c].deviation ** 2),
    mse: average(({ mse }) => mse),
    mae: average(({ mae }) => mae),
    rmse: average(({ rmse }) => rmse),
    r2: average(({ r2 }) => r2),
    per_column: perColumn,
  };
}
