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
import { kindsAmong } from '../../tasks/index.js';
import { count, duration, oneLine, shorten } from '../../text.js';
import { expandPatterns } from '../glob.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { type Column, table } from '../table.js';
import { textOf } from '../tasks/index.js';
import type { RunColumn } from '../tasks/task-text.js';

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
  if (paired.length > 0) output.print('', bold('Sample by sample'), pairTable(result));
  output.print('', bold('Page'), oneLine(here(page)));
}

const right = (title: string): Column => ({ title, align: 'right' });

function runTable({ runs }: CompareResult): string[] {
  const tasks = kindsAmong(runs.map(({ task }) => task)).map(textOf);
  const shown: readonly RunColumn[] = [
    ...tasks.flatMap(({ runColumns }) => runColumns.before),
    { title: 'loss', text: ({ loss }) => (loss === null ? '-' : loss.toFixed(3)) },
    ...tasks.flatMap(({ runColumns }) => runColumns.behind),
    { title: 'samples', text: ({ images }) => (images === null ? '-' : count(images)) },
    {
      title: 'epochs',
      text: (run) => `${epochsText(run).replace('–', '-')}${run.finished ? '' : ', not finished'}`,
    },
    { title: 'time', text: ({ seconds }) => duration(seconds) },
  ];
  const rows = runs.map((run, i) => [
    String(i + 1),
    shorten(oneLine(basename(run.run)), LONGEST_NAME),
    ...shown.map(({ text }) => text(run)),
  ]);
  return table([{ title: '' }, { title: 'run' }, ...shown.map(({ title }) => right(title))], rows);
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

/** The images that only one run of a pair has right, pair by pair. */
function pairTable({ paired }: CompareResult): string[] {
  return table(
    [{ title: 'runs' }, ...['samples', 'only the first', 'only the second', 'p (McNemar)'].map(right)],
    paired.map(({ runs: [a, b], images, only, p }) => [
      `${a + 1} and ${b + 1}`,
      count(images),
      count(only[0]),
      count(only[1]),
      pText(p),
    ]),
  );
}
