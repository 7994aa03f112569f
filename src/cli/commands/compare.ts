/** `attune compare`: runs beside each other. */
import { basename, relative } from 'node:path';
import {
  type CompareOptions,
  type CompareResult,
  compare,
  epochsText,
  groupedValues,
  pText,
  runsText,
} from '../../report/index.js';
import { count, duration, oneLine, percent, shorten, significant } from '../../text.js';
import { expandPatterns } from '../glob.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { type Column, table } from '../table.js';

export type CompareFlags = Omit<CompareOptions, 'runs'>;

/** Columns of a name, and of a field's value. */
const LONGEST_NAME = 40;
const LONGEST_VALUE = 40;

export async function compareCommand(
  { runs, ...options }: CompareOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  const folders = await expandPatterns(runs);
  const result = await withSession(output, (context) => compare({ ...options, runs: folders }, context));
  for (const { path, reason } of result.skipped) output.note(oneLine(`Left out: ${here(path)}: ${reason}`));
  for (const { run, note } of result.runs) if (note !== null) output.note(oneLine(`${here(run)}: ${note}`));
  if (json) output.json(result);
  else printResult(result, output);
  return 0;
}

function here(path: string): string {
  return relative('.', path) || '.';
}

function printResult(result: CompareResult, output: Output): void {
  const { bold } = output.paint;
  const { differences, paired, page } = result;
  output.print(runTable(result));
  if (differences.length > 0) output.print('', bold('What differs'), differenceTable(result));
  else output.print('', 'The recipes are the same.');
  if (paired.length > 0) output.print('', bold('Image by image'), pairTable(result));
  output.print('', bold('Page'), oneLine(here(page)));
}

const right = (title: string): Column => ({ title, align: 'right' });

function runTable({ runs }: CompareResult): string[] {
  const isClasses = runs.some(({ task }) => task === 'classification');
  const isFit = runs.some(({ task }) => task === 'regression');
  const columns = [
    { title: '' },
    { title: 'run' },
    ...(isClasses ? ['accuracy', '95 % interval', 'F1'].map(right) : []),
    ...(isFit ? ['R²', 'MAE'].map(right) : []),
    right('loss'),
    ...(isClasses ? [right('calibration')] : []),
    ...['images', 'epochs', 'time'].map(right),
  ];
  const rows = runs.map((run, i) => [
    String(i + 1),
    shorten(oneLine(basename(run.run)), LONGEST_NAME),
    ...(isClasses ? [percent(run.accuracy), intervalText(run.interval), digits(run.macro_f1)] : []),
    ...(isFit ? [digits(run.r2), run.mae === null ? '-' : significant(run.mae)] : []),
    digits(run.loss),
    ...(isClasses ? [percent(run.calibration_error)] : []),
    run.images === null ? '-' : count(run.images),
    `${epochsText(run).replace('–', '-')}${run.finished ? '' : ', not finished'}`,
    duration(run.seconds),
  ]);
  return table(columns, rows);
}

function intervalText(interval: readonly [number, number] | null): string {
  return interval === null ? '-' : `${(100 * interval[0]).toFixed(1)} to ${percent(interval[1])}`;
}

function digits(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}

/** A line for each value, which names its runs: a column for each run would be wider than most terminals. */
function differenceTable({ differences }: CompareResult): string[] {
  return table(
    [{ title: 'field' }, { title: 'value' }, { title: '' }],
    differences.flatMap(({ field, values }) =>
      groupedValues(values).map(({ text, numbers }, i) => [
        i === 0 ? field : '',
        shorten(oneLine(text), LONGEST_VALUE),
        runsText(numbers),
      ]),
    ),
  );
}

/** Of each pair, the images that only one has right. */
function pairTable({ paired }: CompareResult): string[] {
  return table(
    [{ title: 'runs' }, ...['images', 'only the first', 'only the second', 'p (McNemar)'].map(right)],
    paired.map(({ runs: [a, b], images, only, p }) => [
      `${a + 1} and ${b + 1}`,
      count(images),
      count(only[0]),
      count(only[1]),
      pText(p),
    ]),
  );
}
