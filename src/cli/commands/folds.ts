/** `attune finetune --folds`: how good a recipe is on parts of the images that it did not see, and how much that varies. */
import { relative } from 'node:path';
import type { CrossValidationResult, FoldMeasures, RunContext } from '../../finetune/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { count, oneLine, percent, shellWord } from '../../text.js';
import { type EndReport, endReport } from './report-at-end.js';
import { accuracyText } from './result-text.js';

const EXIT_INTERRUPTED = 130;
const STOPPING = 'Stopping: the step at hand is finished, and what was done is saved.';

export async function foldsCommand(
  work: (context: RunContext) => Promise<CrossValidationResult>,
  end: EndReport,
  json: boolean,
  output: Output,
): Promise<number> {
  const result = await withSession(output, work, STOPPING);
  const report = await endReport(result, end, output);
  if (json) output.json({ ...result, report });
  else printResult(result, report, output);
  if (!result.interrupted) return 0;
  output.note(`Saved. To go on: attune finetune --resume ${shellWord(runPath(result))}`);
  return EXIT_INTERRUPTED;
}

function printResult(result: CrossValidationResult, report: string | null, output: Output): void {
  const { bold } = output.paint;
  const { results, folds, pooled, interrupted } = result;
  output.note('');
  output.print(
    bold(interrupted ? `Folds so far: ${results.length} of ${folds}` : `${folds} folds`),
    ...foldTable(result),
    '',
    ...facts([
      ['accuracy', spreadText(result, 'accuracy', percent)],
      ['all images', `${count(pooled.images)}, each judged by the fold that had not seen it`],
      ['their accuracy', accuracyText(pooled.accuracy, pooled.interval)],
    ]),
    '',
    bold('Run folder'),
    oneLine(runPath(result)),
  );
  if (report !== null) output.print('', bold('Report'), oneLine(relative('.', report)));
}

const COLUMNS: readonly [name: keyof FoldMeasures, title: string, text: (value: number | null) => string][] =
  [
    ['accuracy', 'accuracy', percent],
    ['balanced_accuracy', 'balanced', percent],
    ['macro_f1', 'F1', (value) => digits(value, 3)],
    ['loss', 'loss', (value) => digits(value, 4)],
  ];

/** A line for each fold, then the means and the deviations. */
function foldTable({ results, mean, sd }: CrossValidationResult): string[] {
  const row = (measures: FoldMeasures) => COLUMNS.map(([name, , text]) => text(measures[name]));
  const columns = ['train', 'validate', ...COLUMNS.map(([, title]) => title)];
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
  name: keyof FoldMeasures,
  text: (value: number | null) => string,
): string {
  return sd[name] === null ? text(mean[name]) : `${text(mean[name])} +- ${text(sd[name])}`;
}

function digits(value: number | null, places: number): string {
  return value === null ? '-' : value.toFixed(places);
}

function runPath({ run }: CrossValidationResult): string {
  return relative('.', run) || '.';
}
