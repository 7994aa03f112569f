/** What the run was made of: images, recipe, versions, and how to make it again. */
import { isCsvFile } from '../../../inputs/index.js';
import { maxOf, minOf } from '../../../extremes.js';
import { capitalized, count, counted } from '../../../text.js';
import { countChart } from '../../charts/counts.js';
import type { Drawing } from '../../charts/drawing.js';
import type { DataCard, ReportData } from '../../run/report-data.js';
import { reportOf } from '../../tasks/index.js';
import { type Content, type Html, html, lines } from '../../html/html.js';
import { chart, facts, fileName, fold, name, type Section, table } from '../../html/elements.js';

/** Classes up to which each has its bar, and lines of tables. */
const MOST_BARS = 30;
const MOST_LINES = 1000;
const MOST_SKIPPED = 50;

export function dataSection({ data, task }: ReportData, drawing: Drawing): Section {
  const { images, classes, skipped, words } = data;
  const trained = classes.map(({ train }) => train);
  const pairs: [string, Content][] = [
    [isCsvFile(data.data) ? 'CSV file' : 'Folder', name(data.data, 200)],
    [`Training ${words.many}`, count(images.train)],
    [`Validation ${words.many}`, count(images.val)],
    [`Test ${words.many}`, count(images.test)],
    ['Choice of validation', data.split],
    [
      'Left out',
      skipped.length === 0 ? 'nothing' : counted(skipped.length, 'file or folder', 'files or folders'),
    ],
  ];
  if (classes.length > 0) {
    pairs.push(['Classes', count(classes.length)]);
    pairs.push(['Smallest and largest class', `${count(minOf(trained))} and ${count(maxOf(trained))}`]);
  }
  return {
    id: 'data',
    title: 'Data',
    body: html`${facts(pairs)}${classes.length === 0 ? null : classCounts(data, drawing)}${reportOf(task.kind).dataTable(task)}${skippedTable(skipped)}`,
  };
}

function classCounts({ classes, words }: DataCard, drawing: Drawing): Html {
  const rows = classes.map(({ class: label, ...parts }) => ({ name: label, ...parts }));
  const title = `${capitalized(words.many)} of each class`;
  const numbers = table(
    title,
    [{ title: 'class' }, ...['training', 'validation', 'test'].map((title) => ({ title, isNumber: true }))],
    rows
      .slice(0, MOST_LINES)
      .map(({ name: label, train, val, test }) => [name(label), count(train), count(val), count(test)]),
  );
  if (rows.length > MOST_BARS)
    return fold(`${capitalized(words.many)} of each of ${count(rows.length)} classes`, numbers);
  return chart(countChart(drawing, title, rows), `Numbers of ${words.many}, by what they are for.`, numbers);
}

function skippedTable(skipped: DataCard['skipped']): Html | null {
  if (skipped.length === 0) return null;
  const more = skipped.length > MOST_SKIPPED ? `; the first ${MOST_SKIPPED} of ${count(skipped.length)}` : '';
  return fold(
    'What was left out',
    table(
      `Left out, with the reason${more}`,
      [{ title: 'file or folder' }, { title: 'reason' }],
      skipped.slice(0, MOST_SKIPPED).map(({ path, reason }) => [fileName(path, 120), name(reason, 200)]),
    ),
  );
}

export function recipeSection({ recipe, madeBy, commands, data }: ReportData): Section {
  const again =
    commands.flags === commands.again
      ? null
      : html`<p>The same without the folder, by all that differs from the defaults:</p><pre>${commands.flags}</pre>`;
  return {
    id: 'recipe',
    title: 'Recipe',
    body: html`<p>To run it again, from where the folders lie, which are told by their names alone; with the same ${data.words.many}, device and choices it gives the same bytes:</p>
<pre>${commands.again}</pre>
${again}
<p>To use it, and to write this page anew:</p>
<pre>${lines(`${commands.predict}\n${commands.report}`)}</pre>
<h3>Versions and choices of the machine</h3>
${facts(flat(madeBy))}
${fold('The whole recipe', html`<pre>${lines(JSON.stringify(recipe, null, 2))}</pre>`)}`,
  };
}

/** Records within a record as `device adapter`. */
function flat(record: Readonly<Record<string, unknown>>, before = ''): [string, Content][] {
  return Object.entries(record).flatMap(([key, value]): [string, Content][] => {
    const title = `${before}${key.replaceAll('_', ' ')}`;
    if (typeof value === 'object' && value !== null)
      return flat(value as Record<string, unknown>, `${title} `);
    return [[title, name(String(value), 120)]];
  });
}
