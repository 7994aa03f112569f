/** What the terminal shows of a regression. */
import { inputRow } from '../../inputs/index.js';
import type { EvaluateResult, FinetuneResult } from '../../finetune/index.js';
import { significant } from '../../text.js';
import { partText, unmeasured } from './result-text.js';
import { columnTable, figure, fitText } from './value-text.js';
import type { Output } from '../output.js';
import { facts } from '../table.js';
import type { Fact, TaskText } from './task-text.js';

export const REGRESSION_TEXT: TaskText<'regression'> = {
  learnt: ({ columns }) => ['columns', columns.join(', ')],
  reached: valueFacts,
  tested: ({ test }) => (test === null ? [] : columnTable(test)),
  evaluated: printValues,
  answered: ({ values }) =>
    Object.entries(values).map(([column, value]) => [significant(value), column] as const),
  foldColumns: [
    ['r2', 'R²'],
    ['mae', 'MAE'],
    ['rmse', 'RMSE'],
    ['loss', 'loss'],
  ],
  foldHeadlines: 2,
  runColumns: {
    before: [
      { title: 'R²', text: ({ r2 }) => (r2 === null ? '-' : r2.toFixed(3)) },
      { title: 'MAE', text: ({ mae }) => (mae === null ? '-' : significant(mae)) },
    ],
    behind: [],
  },
};

function valueFacts({ best, columns, images, test }: FinetuneResult<'regression'>): Fact[] {
  const validated =
    unmeasured(images.val, best.val_loss) ?? fitText(best.val_r2, best.val_mae, columns.length);
  const lines: Fact[] = [
    ['validation', validated],
    ['validation loss', figure(best.val_loss)],
  ];
  if (test !== null) lines.push(['test', fitText(test.r2, test.mae, columns.length)]);
  return lines;
}

/** Figures of several columns are in several units: they stand in the table alone. */
function printValues(report: EvaluateResult<'regression'>, output: Output): void {
  const { loss, r2, mae, per_column } = report;
  const lines: Fact[] = [
    ['fit', fitText(r2, mae, per_column.length)],
    [inputRow(report.input).files.many, partText(report)],
    ['loss', `${figure(loss)}, the mean squared error of standardised values`],
  ];
  output.print(facts(lines), '', columnTable(report));
}
