/** `attune finetune --folds`: how good a recipe is on parts of the images that it did not see, and how much that varies. */
import { relative } from 'node:path';
import type {
  CrossValidationResult,
  FoldMeasure,
  FoldMeasures,
  RunContext,
  TaskKind,
} from '../../finetune/index.js';
import type { Output } from '../output.js';
import { endOf, STOPPING, withSession } from '../session.js';
import { facts, table } from '../table.js';
import { count, oneLine, percent, significant } from '../../text.js';
import { type EndReport, endReport } from './report-at-end.js';
import { accuracyText, skippedLines } from './result-text.js';
import { figure } from './value-text.js';

export async function foldsCommand(
  work: (context: RunContext) => Promise<CrossValidationResult>,
  end: EndReport,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, work, STOPPING);
  for (const line of skippedLines(result.skipped)) output.note(line);
  const report = await endReport(result, end, output);
  if (json) output.json({ ...result, report });
  else printResult(result, report, output);
  return endOf(result.interrupted, runPath(result), output);
}

function printResult(result: CrossValidationResult, report: string | null, output: Output): void {
  const { bold } = output.paint;
  const { results, folds, pooled, task, interrupted } = result;
  output.note('');
  output.print(
    bold(interrupted ? `Folds so far: ${results.length} of ${folds}` : `${folds} folds`),
    foldTable(result),
    '',
    facts([
      ...HEADLINES[task].map(([name, title, text]): [string, string] => [
        title,
        spreadText(result, name, text),
      ]),
      ['all images', `${count(pooled.images)}, each judged by the fold that had not seen it`],
      ...(task === 'regression'
        ? []
        : [['their accuracy', accuracyText(pooled.accuracy, pooled.interval)] as const]),
    ]),
    '',
    bold('Run folder'),
    oneLine(runPath(result)),
  );
  if (report !== null) output.print('', bold('Report'), oneLine(relative('.', report)));
}

type Column = readonly [name: FoldMeasure, title: string, text: (value: number | null) => string];

const measured = (value: number | null) => (value === null ? '-' : significant(value));

const COLUMNS: Readonly<Record<TaskKind, readonly Column[]>> = {
  classification: [
    ['accuracy', 'accuracy', percent],
    ['balanced_accuracy', 'balanced', percent],
    ['macro_f1', 'F1', (value) => digits(value, 3)],
    ['loss', 'loss', figure],
  ],
  regression: [
    ['r2', 'R²', figure],
    ['mae', 'MAE', measured],
    ['rmse', 'RMSE', measured],
    ['loss', 'loss', figure],
  ],
};

/** What stands below the table, with its spread. */
const HEADLINES: Readonly<Record<TaskKind, readonly Column[]>> = {
  classification: COLUMNS.classification.slice(0, 1),
  regression: COLUMNS.regression.slice(0, 2),
};

/** A line for each fold, then the means and the deviations. */
function foldTable({ task, results, mean, sd }: CrossValidationResult): string[] {
  const shown = COLUMNS[task];
  const row = (measures: FoldMeasures) => shown.map(([name, , text]) => text(measures[name] ?? null));
  const columns = ['train', 'validate', ...shown.map(([, title]) => title)];
  return table(
    [{ title: 'fold' }, ...columns.map((title) => ({ title, align: 'right' as const }))],
    [
      ...results.map(({ fold, train_images, val_images, metrics }) => [
        String(fold),
        count(train_images),
        count(val_images),
        ...row(metrics),
      ]),
      ['mean', '', '', ...row(mean)],
      ['deviation', '', '', ...row(sd)],
    ],
  );
}

/** `91.2 % +- 1.4 %` */
function spreadText(
  { mean, sd }: CrossValidationResult,
  name: FoldMeasure,
  text: (value: number | null) => string,
): string {
  const [middle, spread] = [mean[name] ?? null, sd[name] ?? null];
  return spread === null ? text(middle) : `${text(middle)} +- ${text(spread)}`;
}

function digits(value: number | null, places: number): string {
  return value === null ? '-' : value.toFixed(places);
}

function runPath({ run }: CrossValidationResult): string {
  return relative('.', run) || '.';
}
