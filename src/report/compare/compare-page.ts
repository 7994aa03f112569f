/** The page of a comparison: a table of the runs, intervals, curves over each other, tests, and how recipes differ. */
import { basename } from 'node:path';
import { kindsAmong } from '../../tasks/index.js';
import { count, counted, duration } from '../../text.js';
import { type CurveOptions, curveChart, lookOf, type Series } from '../charts/curves.js';
import type { Drawing } from '../charts/drawing.js';
import { intervalChart } from '../charts/intervals.js';
import { type Content, type Html, html } from '../html/html.js';
import { pageOf } from '../page/page.js';
import { chart, digits, name, type Section, table } from '../html/elements.js';
import { partName } from '../html/words.js';
import { stagesOf } from '../run/stored-facts.js';
import { reportOf } from '../tasks/index.js';
import type { RunColumn, TaskReport } from '../tasks/task-report.js';
import type { CompareResult } from './compare-result.js';
import { epochsText, groupedValues, pText, runsText } from './compare-text.js';
import type { ComparedRun, MeasuredRun } from './compared-run.js';

/** Runs whose curves are told apart, by colour and dashes. */
const MOST_CURVES = 12;
const MOST_INTERVALS = 40;
/** Columns for the name of a run beside its interval: runs are told apart by the ends of their names. */
const NAME_COLUMNS = 36;

/** One HTML file, as `reportPage`. Runs are numbered from 1 in their order. */
export function comparePage(
  result: CompareResult,
  measured: readonly MeasuredRun[],
  drawing: Drawing,
): string {
  const sections = [
    runsSection(result, measured),
    accuracySection(measured, drawing),
    curvesSection(measured, drawing),
    pairedSection(result),
    recipesSection(result),
  ].filter((section) => section !== null);
  return pageOf({
    title: `${measured.length} runs compared`,
    eyebrow: 'Comparison',
    lead: leadOf(result, measured),
    sections,
  });
}

function leadOf({ runs }: CompareResult, measured: readonly MeasuredRun[]): Html {
  const [best] = measured
    .flatMap(({ summary, name: title }) => {
      const headline = reportOf(summary.task).headline(summary);
      return headline === null ? [] : [{ ...headline, title }];
    })
    .toSorted((a, b) => b.figure - a.figure);
  if (best === undefined) return html`None of the runs was validated yet.`;
  return html`${name(best.title)} has ${best.said}. ${isOneMeasure(runs) ? 'Where intervals overlap, runs need not differ.' : html`<strong>Not all runs were measured with the same number of images of the same kind</strong>, so that figures need not say which is better.`}`;
}

function isOneMeasure(runs: CompareResult['runs']): boolean {
  return new Set(runs.map(({ part, images }) => `${part} ${images}`)).size === 1;
}

/** The tasks of some runs, in the order of their table. */
function tasksOf(measured: readonly MeasuredRun[]): TaskReport[] {
  return kindsAmong(measured.map(({ summary }) => summary.task)).map(reportOf);
}

function runsSection({ skipped }: CompareResult, measured: readonly MeasuredRun[]): Section {
  const tasks = tasksOf(measured);
  const columns: readonly RunColumn<ComparedRun>[] = [
    ...tasks.flatMap(({ runColumns }) => runColumns.before),
    { title: 'loss', text: ({ loss }) => digits(loss, 3) },
    ...tasks.flatMap(({ runColumns }) => runColumns.behind),
    {
      title: 'samples',
      text: ({ images, part }) =>
        images === null || part === null ? '–' : `${count(images)} ${partName(part)}`,
    },
    { title: 'epochs', text: epochsText },
    { title: 'time', text: ({ seconds }) => duration(seconds) },
  ];
  const rows = measured.map(({ summary, name: title }, i): Content[] => [
    html`${i + 1} ${name(title)}`,
    ...columns.map(({ text }) => text(summary)),
  ]);
  const notes = measured.flatMap(({ summary: { note, finished }, name: title }) => {
    if (note !== null) return [html`<p class="note">${name(title)}: ${note}.</p>`];
    return finished ? [] : [html`<p class="note">${name(title)} is not finished.</p>`];
  });
  return {
    id: 'runs',
    title: 'Runs',
    body: html`${table(
      'Each run by its best checkpoint',
      [{ title: 'run' }, ...columns.map(({ title }) => ({ title, isNumber: true }))],
      rows,
    )}${notes}${skipped.map(({ path, reason }) => html`<p class="note">${name(basename(path), 120)} was left out: ${reason}.</p>`)}`,
  };
}

function accuracySection(measured: readonly MeasuredRun[], drawing: Drawing): Section | null {
  const rows = measured.flatMap(({ summary: { accuracy: value, interval: range }, name: title }, i) =>
    value === null || range === null
      ? []
      : [{ name: `${i + 1} ${title}`, share: { value, interval: range } }],
  );
  if (rows.length < 2) return null;
  return {
    id: 'accuracy',
    title: 'Accuracy',
    body: chart(
      intervalChart(drawing, 'Accuracy of each run', rows.slice(0, MOST_INTERVALS), null, NAME_COLUMNS),
      `With 95 % Wilson intervals.${rows.length > MOST_INTERVALS ? ` The first ${MOST_INTERVALS} runs.` : ''}`,
      null,
    ),
  };
}

/** `accuracy` of `Accuracy`; what is written in capitals stays. */
function inSentence(title: string): string {
  return /^[A-Z][a-z]/.test(title) ? title[0].toLowerCase() + title.slice(1) : title;
}

interface Figure {
  readonly title: string;
  readonly key: `${'train' | 'val'}_${string}`;
  readonly isShare: boolean;
}

/** A run that has a full stage: its number, and its place among those that are drawn. */
interface DrawnRun {
  readonly number: number;
  readonly place: number;
  readonly name: string;
  readonly records: MeasuredRun['records'];
}

/** Curves of the full stage, one figure a chart; null where no two runs have one. */
function curvesSection(measured: readonly MeasuredRun[], drawing: Drawing): Section | null {
  const [{ curve }] = tasksOf(measured);
  const figures: readonly Figure[] = [
    { title: 'Validation loss', key: 'val_loss', isShare: false },
    { title: `Validation ${inSentence(curve.title)}`, key: `val_${curve.key}`, isShare: curve.isShare },
    { title: 'Training loss', key: 'train_loss', isShare: false },
  ];
  const withCurves = measured
    .map(({ records, name: title }, i) => ({ number: i + 1, name: title, records: stagesOf(records).full }))
    .filter(({ records }) => records.some((record) => figures.some(({ key }) => isKnown(record[key]))));
  const drawn = withCurves.slice(0, MOST_CURVES).map((run, place): DrawnRun => ({ ...run, place }));
  const charts = figures.flatMap((figure) => figureChart(figure, drawn, drawing));
  if (charts.length === 0) return null;
  const some =
    withCurves.length > drawn.length
      ? `; the first ${MOST_CURVES} of ${withCurves.length} that have one`
      : '';
  return {
    id: 'curves',
    title: 'Curves',
    body: html`<p>Of the full stage${some}.</p>
<ul class="lines">${drawn.map((run) => html`<li>${lineSample(run, drawing)}<span>${run.number} ${name(run.name)}</span></li>`)}</ul>
<div class="pair">${charts}</div>`,
  };
}

function isKnown(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A piece of the line of a run. */
function lineSample({ place }: DrawnRun, { palette }: Drawing): Html {
  const { color, stroke } = lookOf(palette, place);
  return html`<svg width="34" height="12" aria-hidden="true"><line x1="1" x2="33" y1="6" y2="6" stroke="${color}" stroke-width="${stroke.strokeWidth}" stroke-dasharray="${stroke.strokeDasharray ?? 'none'}"/></svg>`;
}

function figureChart({ title, key, isShare }: Figure, drawn: readonly DrawnRun[], drawing: Drawing): Html[] {
  const series = drawn
    .map(
      ({ number, place, records }): Series => ({
        name: String(number),
        place,
        points: records.map((record) => ({ x: record.epoch, y: isKnown(record[key]) ? record[key] : null })),
      }),
    )
    .filter(({ points }) => points.some(({ y }) => y !== null));
  if (series.length < 2) return [];
  const scale = isShare ? 'linear' : scaleOf(series);
  const fromZero = key.endsWith('loss');
  const svg = curveChart(drawing, series, { title, x: 'epoch', isShare, fromZero, scale, hasLegend: false });
  return [chart(svg, scale === 'linear' ? null : farthestText(series), null)];
}

/** From this ratio to the middle run on, one that exploded would press all others flat. */
const FLATTENING = 10;

/** How far each run goes from 0, the least first. */
function reaches(series: readonly Series[]): { readonly name: string; readonly value: number }[] {
  const farthest = ({ name: run, points }: Series) => ({
    name: run,
    value: points.reduce((most, { y }) => (Math.abs(y ?? 0) > Math.abs(most) ? (y ?? 0) : most), 0),
  });
  return series.map(farthest).sort((a, b) => Math.abs(a.value) - Math.abs(b.value));
}

function scaleOf(series: readonly Series[]): NonNullable<CurveOptions['scale']> {
  const all = reaches(series);
  const middle = Math.abs(all[(all.length - 1) >> 1].value);
  if (Math.abs(all[all.length - 1].value) <= FLATTENING * middle) return 'linear';
  return series.every(({ points }) => points.every(({ y }) => y === null || y > 0)) ? 'log' : 'symlog';
}

function farthestText(series: readonly Series[]): string {
  const { name: run, value } = reaches(series)[series.length - 1];
  return `On a logarithmic scale, as run ${run} reaches ${count(Number(value.toPrecision(4)))}.`;
}

function pairedSection({ paired, runs }: CompareResult): Section | null {
  if (!runs.some(({ task }) => reportOf(task).isOfClasses)) return null;
  const text =
    paired.length === 0
      ? html`<p>No two runs answered for the same samples with the same classes, so that nothing can be tested sample by sample.</p>`
      : html`<p>These runs answered for the same samples, so that only those count on which they differ. By McNemar's exact test, p says how probable so uneven a share of them is by chance alone: below 0.05 runs are usually said to differ. Of twenty such tests one is below 0.05 by chance.</p>
${table(
  'Pairs of runs, sample by sample',
  [
    { title: 'runs' },
    ...['samples', 'only the first is right', 'only the second is right', 'p'].map((title) => ({
      title,
      isNumber: true,
    })),
  ],
  paired.map(({ runs: [a, b], images, only, p }) => [
    `${a + 1} and ${b + 1}`,
    count(images),
    count(only[0]),
    count(only[1]),
    pText(p),
  ]),
)}`;
  return { id: 'paired', title: 'Sample by sample', body: text };
}

/** A line for each field: with a column for each run the table would be wider than any screen. */
function recipesSection({ differences, runs }: CompareResult): Section {
  const body =
    differences.length === 0
      ? html`<p>The recipes of ${counted(runs.length, 'run')} are the same.</p>`
      : table(
          'What differs between the recipes: each value, with the runs that have it',
          [{ title: 'field' }, { title: 'values', isNames: true }],
          differences.map(({ field, values }) => [
            field,
            groupedValues(values).map(
              ({ text, numbers }) =>
                html`<div>${name(text, 200)} <span class="quiet">${runsText(numbers)}</span></div>`,
            ),
          ]),
        );
  return { id: 'recipes', title: 'Recipes', body };
}
