/** `attune finetune --folds`: how good a recipe is on parts of the images that it did not see, and how much that varies. */
import { relative } from 'node:path';
import type { CrossValidationResult, FoldMeasures, RunContext, TaskKind } from '../../finetune/index.js';
import { type MeasureFormat, measureText, rowOf } from '../../tasks/index.js';
import type { Output } from '../output.js';
import { endOf, STOPPING, withSession } from '../session.js';
import { facts, table } from '../table.js';
import { textOf } from '../tasks/index.js';
import { count, oneLine } from '../../text.js';
import { type EndReport, endReport } from './report-at-end.js';
import { accuracyText, skippedLines } from '../tasks/result-text.js';

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
  const { rightShare } = rowOf(task).measures;
  const headlines = columnsOf(task).slice(0, textOf(task).foldHeadlines);
  output.note('');
  output.print(
    bold(interrupted ? `Folds so far: ${results.length} of ${folds}` : `${folds} folds`),
    foldTable(result),
    '',
    facts([
      ...headlines.map((column): [string, string] => [column.title, spreadText(result, column)]),
      ['in all', `${count(pooled.images)}, each judged by the fold that had not seen it`],
      ...(rightShare === null
        ? []
        : [[`their ${rightShare.name}`, accuracyText(pooled.accuracy, pooled.interval)] as const]),
    ]),
    '',
    bold('Run folder'),
    oneLine(runPath(result)),
  );
  if (report !== null) output.print('', bold('Report'), oneLine(relative('.', report)));
}

/** A measure of a fold as it is shown. */
interface Column {
  readonly key: string;
  readonly title: string;
  readonly format: MeasureFormat;
}

function columnsOf(task: TaskKind): Column[] {
  const measures = rowOf(task).measures.fold;
  return textOf(task).foldColumns.flatMap(([key, title]) =>
    measures.flatMap((measure) => (measure.key === key ? [{ key, title, format: measure.format }] : [])),
  );
}

/** A line for each fold, then the means and the deviations. */
function foldTable({ task, results, mean, sd }: CrossValidationResult): string[] {
  const shown = columnsOf(task);
  const row = (measures: FoldMeasures) =>
    shown.map(({ key, format }) => measureText(format, measures[key] ?? null));
  const columns = ['train', 'validate', ...shown.map(({ title }) => title)];
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
function spreadText({ mean, sd }: CrossValidationResult, { key, format }: Column): string {
  const [middle, spread] = [mean[key] ?? null, sd[key] ?? null];
  const text = measureText(format, middle);
  return spread === null ? text : `${text} +- ${measureText(format, spread)}`;
}

function runPath({ run }: CrossValidationResult): string {
  return relative('.', run) || '.';
}
