/** Predicted values and how good they are, in lines for people; shared by the commands that show a regression. */
import type { RegressionReport } from '../../tasks/metrics/regression-metrics.js';
import { table } from '../table.js';
import { significant } from '../../text.js';

/** `R² 0.9312, MAE 1.23`: of several columns, whose units may differ, the R² alone. */
export function fitText(r2: number | null, mae: number | null, columns: number): string {
  const share = `R² ${figure(r2)}`;
  return columns === 1
    ? `${share}, MAE ${mae === null ? '-' : significant(mae)}`
    : `${share}, the mean over columns`;
}

/** A line for each column. */
export function columnTable({ per_column }: RegressionReport): string[] {
  return table(
    [
      { title: 'column' },
      { title: 'R²', align: 'right' },
      { title: 'MAE', align: 'right' },
      { title: 'RMSE', align: 'right' },
      { title: 'MSE', align: 'right' },
    ],
    per_column.map(({ column, r2, mae, rmse, mse }) => [
      column,
      figure(r2),
      significant(mae),
      significant(rmse),
      significant(mse),
    ]),
  );
}

/** A figure without unit. */
export function figure(value: number | null): string {
  return value === null ? '-' : value.toFixed(4);
}
